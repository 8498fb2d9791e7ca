"""Text messages with a bundle: their gateway, and what they say."""
