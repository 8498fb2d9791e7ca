"""One module a subject: its routes, and its entry in the navigation."""
