"""Training the networks on sets of utterances."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from speech.language import Language
from speech.training import lfmmi
from speech.training.dataset import Utterance
from speech.training.features import COEFFICIENTS
from speech.training.network import SUBSAMPLING, TimeDelayNetwork

WIDTH = 192
FRAMES_A_BATCH = 24_000
LEARNING_RATE = 1.5e-3
_IMPOSSIBLE = -5e3


@dataclass(frozen=True)
class Lesson:
    """What one language's network is trained on."""

    data: Sequence[Utterance]
    units: Sequence[str]


def train(
    lessons: Mapping[Language, Lesson], *, epochs: int, width: int = WIDTH
) -> dict[Language, TimeDelayNetwork]:
    """A network for each language; the same ones for the same data on the same machine.

    Networks trained together share all but their last layer: what one language's speakers and
    telephones teach serves the others, which have few people of their own.
    """
    torch.manual_seed(0)
    random.seed(0)
    networks = _networks(lessons, width)
    courses = {language: _Course.of(lesson) for language, lesson in lessons.items()}
    learned = nn.ModuleList(networks.values())
    optimiser = torch.optim.AdamW(learned.parameters(), LEARNING_RATE, weight_decay=1e-3)
    plans = [_epoch(lessons, epoch) for epoch in range(epochs)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        LEARNING_RATE,
        total_steps=sum(map(len, plans)) + 1,
        pct_start=0.12,
        final_div_factor=100,
    )
    for epoch, batches in enumerate(plans):
        learned.train()
        lost = frames_seen = 0.0
        progress = tqdm(batches, f"epoch {epoch + 1} of {epochs}")
        for language, batch in progress:
            frames, lengths = _padded(batch, networks[language], masked=epoch > 0)
            scores = networks[language](frames)[:, : int(lengths.max())]
            missing = courses[language].missing(scores, lengths, batch)
            total = float(lengths.sum())
            loss = (missing + 5e-4 * (scores**2).mean(2).sum()) / total
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            lost, frames_seen = lost + missing.item(), frames_seen + total
            progress.set_postfix_str(f"MMI per frame {lost / frames_seen:.4f}")
    learned.eval()
    return networks


@dataclass(frozen=True)
class _Course:
    """A language's units, and what follows what."""

    index: dict[str, int]
    bigram: lfmmi.UnitBigram

    @classmethod
    def of(cls, lesson: Lesson) -> _Course:
        index = {unit: number for number, unit in enumerate(lesson.units)}
        return cls(index, lfmmi.UnitBigram.of(lesson.data, index))

    def missing(self, scores: Tensor, lengths: Tensor, batch: Sequence[Utterance]) -> Tensor:
        """How much likelier anything is than what was said, over a batch."""
        said = lfmmi.Said.of(batch, self.index)
        right = lfmmi.of_what_was_said(scores, lengths, said, self.bigram)
        anything = lfmmi.of_anything(scores, lengths, self.bigram)
        possible = right > _IMPOSSIBLE  # not too fast for the topology
        return ((anything - right) * possible).sum()


def _networks(lessons: Mapping[Language, Lesson], width: int) -> dict[Language, TimeDelayNetwork]:
    networks = {
        language: TimeDelayNetwork(2 * len(lesson.units), width)
        for language, lesson in lessons.items()
    }
    first, *others = networks.values()
    sample = np.concatenate(
        [one.features for lesson in lessons.values() for one in lesson.data[::11]]
    ).astype(np.float32)
    first.mean.copy_(torch.tensor(sample.mean(0)))
    first.deviation.copy_(torch.tensor(sample.std(0) + 1e-3))
    for other in others:
        other.share(first)
    return networks


def _epoch(
    lessons: Mapping[Language, Lesson], epoch: int
) -> list[tuple[Language, list[Utterance]]]:
    """The batches of all languages, shuffled."""
    batches = [
        (language, batch)
        for language, lesson in lessons.items()
        for batch in _batches(lesson.data, epoch)
    ]
    random.Random(epoch).shuffle(batches)
    return batches


def _batches(data: Sequence[Utterance], epoch: int) -> Iterator[list[Utterance]]:
    """Utterances of like length together, other ones each epoch."""
    rng = random.Random(epoch)
    order = sorted(data, key=lambda one: len(one.features) + rng.random() * 20)
    batches: list[list[Utterance]] = [[]]
    for one in order:
        batches[-1].append(one)
        if len(batches[-1]) * len(one.features) > FRAMES_A_BATCH:
            batches.append([])
    yield from (batch for batch in batches if batch)


def _padded(
    batch: Sequence[Utterance], network: TimeDelayNetwork, *, masked: bool
) -> tuple[Tensor, Tensor]:
    """Frames of a batch with the first and last one repeated around, and the outputs of each."""
    lengths = [-(-len(one.features) // SUBSAMPLING) for one in batch]
    around = network.context
    total = SUBSAMPLING * (max(lengths) - 1) + 1 + 2 * around
    frames = np.zeros((len(batch), total, COEFFICIENTS), np.float32)
    for row, one in enumerate(batch):
        features = one.features.astype(np.float32)
        before, after = np.repeat(features[:1], around, 0), np.repeat(features[-1:], total, 0)
        frames[row] = np.concatenate([before, features, after])[:total]
    result = torch.from_numpy(frames)
    if masked:  # a moment of nothing in some of them, as SpecAugment does it
        for row in range(len(batch)):
            if random.random() < 0.4 and total > 24:
                start = random.randrange(total - 12)
                result[row, start : start + random.randrange(2, 9)] = network.mean
    return result, torch.tensor(lengths)
