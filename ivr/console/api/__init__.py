"""The console's API for programs: read with a token, as JSON, described by OpenAPI."""
