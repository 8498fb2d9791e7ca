"""What a node says about itself: structured logs and Prometheus metrics."""
