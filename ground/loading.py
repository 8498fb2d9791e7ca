"""Loads what a program is made of, without the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Around the imports of a program that is about to run.

    Nothing of what is imported is garbage, and the collector looks through all of it again and
    again while it grows. It is off meanwhile, and leaves all that is there alone afterwards: a
    collection in a service that runs is then over sooner, and no event loop waits for it as long.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
