"""The database: opening it, its tables."""
