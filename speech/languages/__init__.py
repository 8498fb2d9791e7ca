"""The languages of the service: one file each, their tags in `language.py`, all in `registry.py`.

Texts, recordings, phrases and models are elsewhere.
"""
