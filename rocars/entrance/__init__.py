"""Log-in of drivers, lock-out and sessions."""
