"""The sound of recorded calls: pieces of FLAC, the caller on the left, the service on the right."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import soundfile

SAMPLE_RATE = 8000


def packed(caller: bytes, service: bytes) -> bytes:
    """A piece of both sides of a call, as long as each other (mono, s16le, 8000 Hz), as FLAC."""
    both = np.column_stack((np.frombuffer(caller, "<i2"), np.frombuffer(service, "<i2")))
    file = io.BytesIO()
    soundfile.write(file, both, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def as_wav(pieces: Iterable[bytes]) -> bytes:
    """All pieces as one WAV in stereo. It takes time: not for the event loop."""
    sounds = [soundfile.read(io.BytesIO(piece), dtype="int16")[0] for piece in pieces]
    both = np.concatenate(sounds) if sounds else np.zeros((0, 2), np.int16)
    file = io.BytesIO()
    soundfile.write(file, both, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
