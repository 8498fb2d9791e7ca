"""Text messages to callers, through a gateway of the operator."""
