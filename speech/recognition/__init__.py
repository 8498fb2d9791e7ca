"""Speech recognition: models, grammars, and the recogniser of one call."""
