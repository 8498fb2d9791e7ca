"""Hearing what a caller says: models, grammars, and the ear of one call."""
