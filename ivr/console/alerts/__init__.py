"""The console's own alerts: what is wrong, since when, and who was told."""
