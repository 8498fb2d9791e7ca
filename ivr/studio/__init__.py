"""Recordings on their way from a microphone to the callers: taken in, versioned, published."""
