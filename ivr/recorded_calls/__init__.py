"""Recordings of calls on disk: their settings, how they are sealed, where they lie."""
