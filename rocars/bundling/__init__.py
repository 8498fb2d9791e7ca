"""Bundles, requests done once only, and the time of crossing."""
