"""The output of the teacher's encoder for some hours of speech, as a second target of the trunk."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from speech.training.network import TimeDelayNetwork
from speech.training.teacher import AXES, FRAMES

WINDOWS = 8
"""Windows of two seconds beside each batch of utterances."""


class Taught:
    """Windows as `speech.training.teacher` wrote them: features, and the encoder's output."""

    def __init__(self, path: Path, around: int, share: float = 1.0) -> None:
        """`around`: frames of context that the network needs on either side of an output.

        Raises ValueError for a file with less.
        """
        with np.load(path) as file:
            features, targets, kept = file["features"], file["taught"], int(file["around"])
        if kept < around:
            raise ValueError(f"{path}: {kept} frames of context, the network wants {around}")
        count = round(len(targets) * share)
        part = slice(kept - around, features.shape[2] - kept + around)
        self._features: npt.NDArray[np.float16] = features[:, :count, part]
        self._targets: npt.NDArray[np.float16] = targets[:count]
        self.spread = float(self._targets.astype(np.float32).var())

    def __len__(self) -> int:
        return len(self._targets)

    def batches(self, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Endlessly: (windows, frames, 32) of features and (windows, 66, 96) of targets."""
        rng = random.Random(seed)
        while True:
            order = list(range(len(self._targets)))
            rng.shuffle(order)
            for at in range(0, len(order) - WINDOWS + 1, WINDOWS):
                yield self._batch(order[at : at + WINDOWS], rng.randrange(len(self._features)))

    def _batch(self, chosen: Sequence[int], telephone: int) -> tuple[Tensor, Tensor]:
        frames = self._features[telephone, list(chosen)].astype(np.float32)
        targets = self._targets[list(chosen)].astype(np.float32)
        return torch.from_numpy(frames), torch.from_numpy(targets)


class Pupil(nn.Module):
    """A layer on a network's trunk that learns the teacher's output; discarded at the end."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.says = nn.Conv1d(width, AXES, 1)

    def missing(self, trunk: TimeDelayNetwork, frames: Tensor, targets: Tensor) -> Tensor:
        """The mean squared error."""
        predicted = self.says(trunk.hidden(frames)).transpose(1, 2)[:, :FRAMES]
        wrong: Tensor = ((predicted - targets[:, : predicted.shape[1]]) ** 2).mean()
        return wrong
