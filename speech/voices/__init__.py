"""Voices: what speaks a text in a language, one file each."""
