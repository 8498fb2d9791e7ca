"""How digits, letters, plates, counts and times are spoken: what all languages have in common."""
