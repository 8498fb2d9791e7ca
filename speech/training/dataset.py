"""Utterances as features, with the units spoken in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speech.training.lexicon import Pronunciation


@dataclass(frozen=True)
class Utterance:
    """One training example.

    Attributes:
        features: frames by 32 coefficients, half precision to save memory.
        words: what is spoken, each word as its units.
    """

    features: npt.NDArray[np.float16]
    words: tuple[Pronunciation, ...]
