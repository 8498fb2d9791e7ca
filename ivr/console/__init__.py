"""The operators' web: health, readiness and metrics of the node."""
