"""Trains the networks on sets of utterances."""

from __future__ import annotations

import datetime
import functools
import os
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from speech.languages.language import Language
from speech.training import lfmmi, parallel
from speech.training.dataset import Utterance
from speech.training.features import COEFFICIENTS
from speech.training.network import DEPTH, SUBSAMPLING, TimeDelayNetwork
from speech.training.parallel import Team
from speech.training.taught import Pupil, Taught
from speech.training.warm_start import start_output, start_trunk

WIDTH = 192
FRAMES_A_BATCH = 6_000
LEARNING_RATE = 1.5e-3
_IMPOSSIBLE = -5e3
_SLOWEST = 2500
"""The highest learning rate divided by the last one."""


@dataclass(frozen=True)
class Lesson:
    """What one language's network is trained on."""

    data: Sequence[Utterance]
    units: Sequence[str]


@dataclass(frozen=True)
class Schedule:
    """The duration, rates and starting point of a training.

    Attributes:
        epochs: number of epochs in all; a resumed training may get another number than it began
            with.
        rate: highest learning rate.
        start: folder of shipped models whose weights are the starting point; None for a flat start.
        weight_of_taught: weight of the teacher's target relative to LF-MMI.
        keep: folder where the state after each epoch is kept, to go on from after an interruption.
        processes: number of processes that each take a part of the batches; best one for each core.
        half_precision: whether the network is computed in bfloat16, except for its scores: much
            quicker on processors with AMX, much slower on others.
    """

    epochs: int
    width: int = WIDTH
    depth: int = DEPTH
    rate: float = LEARNING_RATE
    start: Path | None = None
    weight_of_taught: float = 0.0
    keep: Path | None = None
    processes: int = 1
    half_precision: bool = False


def train(
    lessons: Mapping[Language, Lesson], schedule: Schedule, taught: Taught | None = None
) -> dict[Language, TimeDelayNetwork]:
    """Train a network for each language; equal data on the same machine give equal networks.

    Networks trained together share all layers but the last: the speakers and telephones of one
    language help the others, which have few speakers. With `taught` the shared layers also learn
    the output of a pretrained encoder.
    """
    work = functools.partial(_train, lessons, schedule, taught)
    return parallel.run(schedule.processes, work)


def _train(
    lessons: Mapping[Language, Lesson], schedule: Schedule, taught: Taught | None, team: Team
) -> dict[Language, TimeDelayNetwork]:
    torch.manual_seed(0)
    networks = _networks(lessons, schedule)
    course = _Training(lessons, networks, schedule, taught, team)
    done = course.resumed()
    if not done:
        course.keep_networks(0)
    for epoch in range(done, schedule.epochs):
        course.epoch(epoch)
        course.keep(epoch)
    course.learned.eval()
    return networks


def mean_of(folder: Path, language: Language, shares: Mapping[int, float]) -> TimeDelayNetwork:
    """The mean of the networks that were kept after some epochs (0: before the first one).

    The weights along one training lie in one valley of the loss, and their mean is often better
    than any of them (Izmailov and others 2018). If the starting weights are included, the network
    forgets less (Wortsman and others 2022).

    Raises FileNotFoundError for an epoch that was not kept.
    """
    kept = {epoch: torch.load(folder / f"{language}-{epoch}.pt") for epoch in shares}
    whole, first = sum(shares.values()), next(iter(kept.values()))
    mean = {
        name: sum(share / whole * kept[epoch][name] for epoch, share in shares.items())
        if value.is_floating_point()
        else value
        for name, value in first.items()
    }
    network = TimeDelayNetwork.of_state(mean)
    network.eval()
    return network


class _Training:
    """The state of a training between epochs."""

    def __init__(
        self,
        lessons: Mapping[Language, Lesson],
        networks: Mapping[Language, TimeDelayNetwork],
        schedule: Schedule,
        taught: Taught | None,
        team: Team,
    ) -> None:
        self._team = team
        self._lessons, self._networks, self._schedule = lessons, networks, schedule
        self._taught, self._pupil = taught, Pupil(schedule.width)
        self._courses = {language: _Course.of(lesson) for language, lesson in lessons.items()}
        self.learned = nn.ModuleList([*networks.values(), self._pupil])
        self._optimiser = torch.optim.AdamW(
            self.learned.parameters(), schedule.rate, weight_decay=1e-3
        )
        self._steps = self._steps_of(range(schedule.epochs))
        self._rates: torch.optim.lr_scheduler.LRScheduler = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser,
            schedule.rate,
            total_steps=self._steps + 1,
            pct_start=0.12,
            final_div_factor=_SLOWEST / 25,
        )
        self._began, self._done, self._done_before = time.monotonic(), 0, 0

    def epoch(self, epoch: int) -> None:
        torch.manual_seed(epoch * self._team.size + self._team.rank)
        random.seed(epoch * self._team.size + self._team.rank)
        self.learned.train()
        lost = frames_seen = wrong = 0.0
        from_teacher = self._taught.batches(epoch) if self._taught is not None else None
        batches = self._team.share(_epoch(self._lessons, epoch))
        progress = tqdm(
            batches,
            f"epoch {epoch + 1} of {self._schedule.epochs}",
            mininterval=15,
            disable=self._team.rank > 0,
        )
        for done, (language, batch) in enumerate(progress, start=1):
            network = self._networks[language]
            frames, lengths = _padded(
                batch, network, masked=epoch > 0 or bool(self._schedule.start)
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=self._schedule.half_precision):
                scores = network(frames)[:, : int(lengths.max())]
            scores = scores.float()
            missing = self._courses[language].missing(scores, lengths, batch)
            total = float(lengths.sum())
            loss = (missing + 5e-4 * (scores**2).mean(2).sum()) / total
            if from_teacher is not None:
                unlike = self._pupil.missing(network, *next(from_teacher))
                loss = loss + self._schedule.weight_of_taught * unlike
                wrong += unlike.item()
            self._optimiser.zero_grad()
            loss.backward()
            self._team.average_gradients(self.learned)
            nn.utils.clip_grad_norm_(self.learned.parameters(), 2.0)
            self._optimiser.step()
            self._rates.step()
            self._done += 1
            lost, frames_seen = lost + missing.item(), frames_seen + total
            shown = f"MMI per frame {lost / frames_seen:.4f}"
            if self._taught is not None:
                shown += f", teacher {wrong / done:.3f} of {self._taught.spread:.3f}"
            progress.set_postfix_str(f"{shown}, ends {self._end():%H:%M}", refresh=False)
        progress.close()
        self._team.average_statistics(self.learned)

    def keep(self, epoch: int) -> None:
        """Keep the state after an epoch, completely or not at all."""
        folder = self._schedule.keep
        if folder is None or self._team.rank:
            return
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / "state.unfinished"
        torch.save(
            {
                "epochs": self._schedule.epochs,
                "epochs_done": epoch + 1,
                "learned": self.learned.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "rates": self._rates.state_dict(),
            },
            unfinished,
        )
        os.replace(unfinished, folder / "state.pt")
        self.keep_networks(epoch + 1)

    def keep_networks(self, epochs_done: int) -> None:
        folder = self._schedule.keep
        if folder is None or self._team.rank:
            return
        folder.mkdir(parents=True, exist_ok=True)
        for language, network in self._networks.items():
            torch.save(network.state_dict(), folder / f"{language}-{epochs_done}.pt")

    def resumed(self) -> int:
        """Continue from the kept state; returns the number of epochs done."""
        folder = self._schedule.keep
        if folder is None or not (folder / "state.pt").is_file():
            return 0
        state = torch.load(folder / "state.pt", weights_only=False)
        self.learned.load_state_dict(state["learned"])
        self._optimiser.load_state_dict(state["optimiser"])
        done: int = state["epochs_done"]
        self._done = self._done_before = self._steps_of(range(done))
        if state["epochs"] == self._schedule.epochs:
            self._rates.load_state_dict(state["rates"])
        else:
            self._cut_short(self._steps - self._done)
        return done

    def _cut_short(self, steps: int) -> None:
        """The number of epochs was changed: from here the rate falls to its final value."""
        for group in self._optimiser.param_groups:
            group["initial_lr"] = group["lr"]
        self._rates = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimiser, max(1, steps), eta_min=self._schedule.rate / _SLOWEST
        )

    def _steps_of(self, epochs: Iterable[int]) -> int:
        return sum(len(self._team.share(_epoch(self._lessons, epoch))) for epoch in epochs)

    def _end(self) -> datetime.datetime:
        """When the training is expected to end, at the pace so far."""
        seconds = (time.monotonic() - self._began) / (self._done - self._done_before)
        seconds *= self._steps - self._done
        return datetime.datetime.now() + datetime.timedelta(seconds=seconds)


@dataclass(frozen=True)
class _Course:
    """The units of a language, and their bigram."""

    index: dict[str, int]
    bigram: lfmmi.UnitBigram

    @classmethod
    def of(cls, lesson: Lesson) -> _Course:
        index = {unit: number for number, unit in enumerate(lesson.units)}
        return cls(index, lfmmi.UnitBigram.of(lesson.data, index))

    def missing(self, scores: Tensor, lengths: Tensor, batch: Sequence[Utterance]) -> Tensor:
        """How much likelier anything is than the transcript, over a batch."""
        transcript = lfmmi.Transcript.of(batch, self.index)
        right = lfmmi.of_transcript(scores, lengths, transcript, self.bigram)
        anything = lfmmi.of_anything(scores, lengths, self.bigram)
        possible = right > _IMPOSSIBLE  # not too fast for the topology
        return ((anything - right) * possible).sum()


def _networks(
    lessons: Mapping[Language, Lesson], schedule: Schedule
) -> dict[Language, TimeDelayNetwork]:
    networks = {
        language: TimeDelayNetwork(2 * len(lesson.units), schedule.width, schedule.depth)
        for language, lesson in lessons.items()
    }
    first, *others = networks.values()
    sample = np.concatenate(
        [example.features for lesson in lessons.values() for example in lesson.data[::101]]
    ).astype(np.float32)
    first.mean.copy_(torch.tensor(sample.mean(0)))
    first.deviation.copy_(torch.tensor(sample.std(0) + 1e-3))
    if schedule.start is not None:
        shipped = {network: schedule.start / network / "am" / "final.mdl" for network in networks}
        start_trunk(first, next(iter(shipped.values())), torch.from_numpy(sample[:60_000]))
        for language, network in networks.items():
            start_output(network, shipped[language])
    for other in others:
        other.share(first)
    return networks


def _epoch(
    lessons: Mapping[Language, Lesson], epoch: int
) -> list[tuple[Language, list[Utterance]]]:
    """The batches of all languages in random order."""
    batches = [
        (language, batch)
        for language, lesson in lessons.items()
        for batch in _batches(lesson.data, epoch)
    ]
    random.Random(epoch).shuffle(batches)
    return batches


def _batches(data: Sequence[Utterance], epoch: int) -> Iterator[list[Utterance]]:
    """Utterances of similar length together, in other batches each epoch."""
    rng = random.Random(epoch)
    order = sorted(data, key=lambda example: len(example.features) + rng.random() * 20)
    batches: list[list[Utterance]] = [[]]
    for utterance in order:
        batches[-1].append(utterance)
        if len(batches[-1]) * len(utterance.features) > FRAMES_A_BATCH:
            batches.append([])
    yield from (batch for batch in batches if batch)


def _padded(
    batch: Sequence[Utterance], network: TimeDelayNetwork, *, masked: bool
) -> tuple[Tensor, Tensor]:
    """The frames of a batch with the first and last one repeated around, and the number of outputs
    of each."""
    lengths = [-(-len(utterance.features) // SUBSAMPLING) for utterance in batch]
    around = network.context
    total = SUBSAMPLING * (max(lengths) - 1) + 1 + 2 * around
    frames = np.zeros((len(batch), total, COEFFICIENTS), np.float32)
    for row, utterance in enumerate(batch):
        features = utterance.features.astype(np.float32)
        before, after = np.repeat(features[:1], around, 0), np.repeat(features[-1:], total, 0)
        frames[row] = np.concatenate([before, features, after])[:total]
    result = torch.from_numpy(frames)
    if masked:  # a moment is blanked in some of them, as in SpecAugment
        for row in range(len(batch)):
            if random.random() < 0.4 and total > 24:
                start = random.randrange(total - 12)
                result[row, start : start + random.randrange(2, 9)] = network.mean
    return result, torch.tensor(lengths)
