"""The telephone in the browser, for trials: a handset on a page that calls like any other."""
