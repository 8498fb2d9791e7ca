"""The languages of the service: `language.py` has their tags, a file each what is known of it, and
`registry.py` finds it. Texts, recordings, phrases and models are elsewhere."""
