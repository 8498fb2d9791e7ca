"""The operators' web: calls, figures, the prompt studio, people; health and metrics of the node."""
