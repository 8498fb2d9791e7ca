"""What ships with the service and many tests look at, read once in a test process."""

from __future__ import annotations

import functools

from prompts.library import Library, load_library


@functools.cache
def shipped_library() -> Library:
    """The recordings as they are in the repository."""
    return load_library()
