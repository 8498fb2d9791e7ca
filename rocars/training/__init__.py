"""Made-up data to try the service with."""
