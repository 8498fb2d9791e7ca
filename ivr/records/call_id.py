"""Our own name of a call."""

from __future__ import annotations

import secrets
import time
import uuid


def new_call_id() -> str:
    """A UUID version 7 (RFC 9562 section 5.7) as text: unique on all nodes, sorted by time.

    The 12 bits after the millisecond hold the fraction of it (section 6.2, method 3), so calls
    offered within one millisecond sort as well.
    """
    ns = time.time_ns()
    milliseconds, rest = divmod(ns, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | fraction << 64
    return str(uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62)))
