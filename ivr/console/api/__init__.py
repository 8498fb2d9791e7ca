"""The console's API for programs: with a token, as JSON, described by OpenAPI."""
