"""Training the network on a set of utterances."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from speech.training import lfmmi
from speech.training.dataset import Utterance
from speech.training.features import COEFFICIENTS
from speech.training.network import SUBSAMPLING, TimeDelayNetwork

WIDTH = 192
FRAMES_A_BATCH = 24_000
LEARNING_RATE = 1.5e-3
_IMPOSSIBLE = -5e3


def train(
    data: Sequence[Utterance], units: Sequence[str], *, epochs: int, width: int = WIDTH
) -> TimeDelayNetwork:
    """A network for these units; the same one for the same data on the same machine."""
    torch.manual_seed(0)
    random.seed(0)
    index = {unit: number for number, unit in enumerate(units)}
    bigram = lfmmi.UnitBigram.of(data, index)
    network = TimeDelayNetwork(2 * len(units), width)
    sample = np.concatenate([one.features for one in data[::7]]).astype(np.float32)
    network.mean.copy_(torch.tensor(sample.mean(0)))
    network.deviation.copy_(torch.tensor(sample.std(0) + 1e-3))
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-3)
    plans = [list(_batches(data, epoch)) for epoch in range(epochs)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        LEARNING_RATE,
        total_steps=sum(map(len, plans)) + 1,
        pct_start=0.12,
        final_div_factor=100,
    )
    for epoch, batches in enumerate(plans):
        network.train()
        lost = frames_seen = 0.0
        progress = tqdm(batches, f"epoch {epoch + 1} of {epochs}")
        for batch in progress:
            frames, lengths = _padded(batch, network, masked=epoch > 0)
            scores = network(frames)[:, : int(lengths.max())]
            said = lfmmi.of_what_was_said(scores, lengths, lfmmi.Said.of(batch, index), bigram)
            anything = lfmmi.of_anything(scores, lengths, bigram)
            possible = said > _IMPOSSIBLE  # not too fast for the topology
            total = float(lengths.sum())
            missing = ((anything - said) * possible).sum()
            loss = (missing + 5e-4 * (scores**2).mean(2).sum()) / total
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            lost, frames_seen = lost + missing.item(), frames_seen + total
            progress.set_postfix_str(f"MMI per frame {lost / frames_seen:.4f}")
    network.eval()
    return network


def _batches(data: Sequence[Utterance], epoch: int) -> Iterator[list[Utterance]]:
    """Utterances of like length together, in another order each epoch."""
    rng = random.Random(epoch)
    order = sorted(data, key=lambda one: len(one.features) + rng.random() * 20)
    batches: list[list[Utterance]] = [[]]
    for one in order:
        batches[-1].append(one)
        if len(batches[-1]) * len(one.features) > FRAMES_A_BATCH:
            batches.append([])
    batches = [batch for batch in batches if batch]
    rng.shuffle(batches)
    yield from batches


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
