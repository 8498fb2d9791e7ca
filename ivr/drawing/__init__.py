"""Reads the flows from their source, to draw and to check them."""
