"""Access to the console: its roles, log-in and log-out."""
