"""The migrations of the database of ROCARS, one file a revision."""
