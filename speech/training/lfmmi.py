"""Lattice-free MMI (Povey and others, 2016), flat start, summed over all alignments.

The chain topology: each unit has one state, entered by its output 2u and held by 2u + 1. What was
said competes with everything a unit bigram allows; no alignments, no trees.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from speech.training.dataset import Utterance

NEVER = -1e4
SILENCE_AT_EDGE, SILENCE_BETWEEN = 0.9, 0.5
"""How often people are taken to be silent before and after an utterance, and between words."""


@dataclass(frozen=True)
class UnitBigram:
    """Log probabilities of one unit after another, and of beginning and ending with one."""

    follows: Tensor
    begins: Tensor
    ends: Tensor

    @classmethod
    def of(cls, data: Sequence[Utterance], index: dict[str, int]) -> UnitBigram:
        """Counted over the training set; silence is unit 0."""
        size = len(index)
        counts = np.full((size + 1, size + 1), 1e-3)  # the last row begins, the last column ends
        rng = random.Random(0)
        for example in data:
            units = [0] if rng.random() < SILENCE_AT_EDGE else []
            for number, word in enumerate(example.words):
                if number and rng.random() < SILENCE_BETWEEN:
                    units.append(0)
                units += [index[unit] for unit in word]
            if rng.random() < SILENCE_AT_EDGE:
                units.append(0)
            before = size
            for unit in units:
                counts[before, unit] += 1
                before = unit
            counts[before, size] += 1
        counts[size, size] = 0
        shares = np.maximum(counts / counts.sum(1, keepdims=True), 1e-8)
        logs = torch.tensor(np.log(shares), dtype=torch.float32)
        return cls(logs[:size, :size], logs[size, :size], logs[:size, size])


@dataclass(frozen=True)
class Transcript:
    """What was said in a batch: units with silences that may be left out between the words."""

    units: Tensor
    may_skip: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, batch: Sequence[Utterance], index: dict[str, int]) -> Transcript:
        rows: list[tuple[list[int], list[bool]]] = []
        for utterance in batch:
            units, may_skip = [0], [True]
            if not utterance.words:
                units, may_skip = [0, 0], [True, True]
            for word in utterance.words:
                units += [index[unit] for unit in word] + [0]
                may_skip += [False] * len(word) + [True]
            rows.append((units, may_skip))
        longest = max(len(units) for units, _ in rows)
        table = torch.zeros(len(rows), longest, dtype=torch.int64)
        skips = torch.zeros(len(rows), longest, dtype=torch.bool)
        for row, (units, may_skip) in enumerate(rows):
            table[row, : len(units)] = torch.tensor(units)
            skips[row, : len(units)] = torch.tensor(may_skip)
        return cls(table, skips, torch.tensor([len(units) for units, _ in rows]))


def of_transcript(
    scores: Tensor, frames: Tensor, transcript: Transcript, bigram: UnitBigram
) -> Tensor:
    """Log likelihood of all the ways to say it; (batch,)."""
    batch, length, _ = scores.shape
    units = transcript.units
    width = units.shape[1]
    enter = scores.gather(2, (2 * units)[:, None, :].expand(batch, length, width))
    stay = scores.gather(2, (2 * units + 1)[:, None, :].expand(batch, length, width))
    by_one = torch.full((batch, width), NEVER)
    by_one[:, 1:] = bigram.follows[units[:, :-1], units[:, 1:]]
    by_two = torch.full((batch, width), NEVER)
    by_two[:, 2:] = torch.where(
        transcript.may_skip[:, 1:-1],
        bigram.follows[units[:, :-2], units[:, 2:]],
        torch.tensor(NEVER),
    )
    first = torch.full((batch, width), NEVER)
    first[:, 0] = bigram.begins[units[:, 0]]
    first[:, 1] = bigram.begins[units[:, 1]]
    # Moments are taken apart once: the gradient of each enter[:, at] would be as large as `enter`.
    entering, staying = enter.unbind(1), stay.unbind(1)
    reached = first + entering[0]
    before_one, before_two = torch.full((batch, 1), NEVER), torch.full((batch, 2), NEVER)
    for at in range(1, length):
        following = torch.stack(
            [
                reached + staying[at],
                torch.cat([before_one, reached[:, :-1]], 1) + by_one + entering[at],
                torch.cat([before_two, reached[:, :-2]], 1) + by_two + entering[at],
            ]
        ).logsumexp(0)
        reached = torch.where((at < frames)[:, None], following, reached)
    ended = [
        reached.gather(1, (transcript.lengths - back)[:, None])[:, 0]
        + bigram.ends[units.gather(1, (transcript.lengths - back)[:, None])[:, 0]]
        for back in (1, 2)
    ]
    return torch.logaddexp(*ended)


def of_anything(scores: Tensor, frames: Tensor, bigram: UnitBigram) -> Tensor:
    """Log likelihood of all that could have been said; (batch,)."""
    entering, staying = scores[:, :, 0::2].unbind(1), scores[:, :, 1::2].unbind(1)
    chances = bigram.follows.exp()
    reached = bigram.begins + entering[0]
    for at in range(1, scores.shape[1]):
        most = reached.max(1, keepdim=True)[0].detach()
        moved = torch.log(torch.exp(reached - most) @ chances + 1e-20) + most
        following = torch.logaddexp(reached + staying[at], moved + entering[at])
        reached = torch.where((at < frames)[:, None], following, reached)
    return (reached + bigram.ends).logsumexp(1)
