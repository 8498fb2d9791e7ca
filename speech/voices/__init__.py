"""Voices, which speak a text in a language; one file each."""
