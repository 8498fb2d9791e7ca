"""The model of Kokoro-82M by itself: numbers of symbols and a style in, sound out.

Both the voice that callers hear and the speakers for training (`speech.training.kokoro`) use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from speech.voices.voice import Samples, VoiceUnavailable

RATE = 24_000
MOST_SYMBOLS = 509
FILE = "kokoro.onnx"
TABLES = Path(__file__).with_name("kokoro_voices")
_SOFTEST = 0.01


class KokoroModel:
    """The int8 model, version 1.0, on one core; equal arguments give equal sound."""

    def __init__(self, folder: Path) -> None:
        """Raises ImportError without onnxruntime, VoiceUnavailable without the model's file."""
        import onnxruntime

        path = folder / FILE
        if not path.is_file():
            raise VoiceUnavailable(f"the voice kokoro has no model at {path}: `make voices`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session: Any = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def say(self, tokens: Sequence[int], style: Samples, speed: float, *, kept_s: float) -> Samples:
        """Sound at `RATE`, from -1 to 1, with `kept_s` seconds of the silence around it.

        Args:
            tokens: numbers of symbols, at most `MOST_SYMBOLS`.
            style: 256 numbers: the row of a speaker's table for so many symbols.
        """
        sound = self.session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.astype(np.float32)[None],
                "speed": np.array([speed], np.float32),
            },
        )[0].ravel()
        loud = np.flatnonzero(np.abs(sound) > _SOFTEST * np.abs(sound).max())
        kept = int(RATE * kept_s)
        return np.asarray(sound[max(0, loud[0] - kept) : loud[-1] + kept], np.float32)


@cache
def numbers() -> Mapping[str, int]:
    """The model's symbols, and their numbers."""
    text = (TABLES / "vocab.json").read_text(encoding="utf-8")
    found: dict[str, int] = json.loads(text)["vocab"]
    return found


def table(path: Path) -> Samples:
    """A speaker: 510 styles of 256 numbers each, by the number of symbols. Raises OSError."""
    return np.fromfile(path, "<f4").reshape(510, 256)
