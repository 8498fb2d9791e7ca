"""ROCARS over HTTP: admission, the endpoints, one file a kind of caller, and their description."""
