"""How digits, letters, marks, counts and times are spoken: what all languages have in common."""
