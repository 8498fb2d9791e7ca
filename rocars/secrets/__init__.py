"""API keys, PIN hashes, token seeds and one-time codes, and how personal data is masked."""
