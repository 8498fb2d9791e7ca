"""Calls that were made, told again as scenarios."""
