"""Keeps generated speech on disk in pieces, so that an interrupted generation can go on.

A shard is an `.npz` with the sound of some utterances one after the other, 16 bit at 8000 Hz, and a
list of the words in each. Shards are kept outside the repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speech.training.features import Floats
from speech.training.lexicon import Pronunciation


@dataclass(frozen=True)
class Labelled:
    """One clean utterance: without line and noise.

    Attributes:
        units: the units of each word, in order.
        who: the person or voice.
        sound: float32 at 8000 Hz, values as of 16-bit integers.
    """

    units: tuple[Pronunciation, ...]
    who: str
    sound: Floats


def save(path: Path, utterances: Sequence[Labelled]) -> None:
    """Write a shard, completely or not at all."""
    rows = [
        {"units": utterance.units, "who": utterance.who, "samples": len(utterance.sound)}
        for utterance in utterances
    ]
    sound = np.concatenate(
        [utterance.sound for utterance in utterances] or [np.zeros(0, np.float32)]
    )
    unfinished = path.with_suffix(".unfinished.npz")
    np.savez(
        unfinished,
        sound=np.clip(np.round(sound), -32768, 32767).astype(np.int16),
        said=np.array(json.dumps(rows)),
    )
    os.replace(unfinished, path)


def load(path: Path) -> Iterator[Labelled]:
    with np.load(path) as shard:
        sound, rows = shard["sound"], json.loads(str(shard["said"]))
    at = 0
    for row in rows:
        piece = sound[at : at + row["samples"]].astype(np.float32)
        at += row["samples"]
        yield Labelled(tuple(tuple(word) for word in row["units"]), row["who"], piece)


def of_folder(folder: Path, only: Sequence[str] = ()) -> Iterator[Labelled]:
    """All utterances in a folder's shards, or in those of some sources."""
    for path in sorted(folder.glob("*.npz")):
        source = path.name.rpartition("-")[0]
        if not path.name.endswith(".unfinished.npz") and (not only or source in only):
            yield from load(path)


def make(
    folder: Path,
    source: str,
    shards: int,
    each: int,
    utterance: Callable[[int], Labelled | None],
) -> int:
    """Make the missing shards of a source; returns how many were made.

    Args:
        utterance: gives an utterance by its number, always the same; None if it is unusable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(shards) if not is_made(folder, source, number)]
    for number in tqdm(missing, source, mininterval=10):
        make_one(folder, source, number, each, utterance)
    return len(missing)


def is_made(folder: Path, source: str, number: int) -> bool:
    return _path(folder, source, number).is_file()


def make_one(
    folder: Path,
    source: str,
    number: int,
    each: int,
    utterance: Callable[[int], Labelled | None],
) -> None:
    """Make one shard of a source; the arguments are those of `make`."""
    save(_path(folder, source, number), list(_some(number * each, each, utterance)))


def _some(
    first: int, count: int, utterance: Callable[[int], Labelled | None]
) -> Iterable[Labelled]:
    made = (utterance(number) for number in range(first, first + count))
    return (labelled for labelled in made if labelled is not None)


def _path(folder: Path, source: str, number: int) -> Path:
    return folder / f"{source}-{number:04}.npz"
