"""A tone after which a caller is to speak."""

from __future__ import annotations

import math
import struct

from prompts.utterance import SAMPLE_RATE

LEVEL = 0.25
FADE_S = 0.01


def tone(hz: float, seconds: float) -> bytes:
    """PCM of a sine with a soft beginning and end."""
    count = int(seconds * SAMPLE_RATE)
    fade = int(FADE_S * SAMPLE_RATE)
    samples = (
        math.sin(2 * math.pi * hz * n / SAMPLE_RATE)
        * LEVEL
        * min(1.0, n / fade, (count - n) / fade)
        * 32767
        for n in range(count)
    )
    return struct.pack(f"<{count}h", *(round(sample) for sample in samples))
