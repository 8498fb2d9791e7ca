"""Makes scenarios from calls that have taken place."""
