"""Many consignments in one file: CSV or XML, read as a stream, every error with its place."""
