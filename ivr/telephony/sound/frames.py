"""The unit of sound on a line: 20 ms of mono 16-bit PCM at 8 kHz."""

from __future__ import annotations

SAMPLE_RATE = 8000
FRAME_MS = 20
FRAME_S = FRAME_MS / 1000
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
SILENCE = bytes(FRAME_BYTES)
