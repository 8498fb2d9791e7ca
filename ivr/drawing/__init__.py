"""The flows as a drawing and as something that can be checked, read from their own source."""
