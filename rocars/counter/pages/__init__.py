"""One file a subject, with its routes and its entry in the navigation."""
