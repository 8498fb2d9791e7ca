"""One file a subject, with its routes."""
