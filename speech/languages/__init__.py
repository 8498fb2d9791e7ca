"""One file a language: all that is not text, recordings, phrases or a model."""
