"""Sends clean speech over simulated telephones and keeps its features on disk for training.

    python -m speech.training.telephoned yue cmn en --clean FOLDER --recorded FOLDER --out FOLDER

Every utterance goes over several telephones, each time with another vocal tract and pitch. Shards
of features are made once; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speech.languages.language import Language
from speech.training import shards
from speech.training.augment import Telephone, faster
from speech.training.dataset import Utterance
from speech.training.features import COEFFICIENTS, mfcc
from speech.training.recorded import noises

NOBODY = "nobody"
NOBODIES, EACH = 8, 60
"""Shards of lines on which nobody speaks: without them a model finds words in any noise."""


@dataclass(frozen=True)
class Treatment:
    """How often a source is used, and how much its speakers are changed.

    Attributes:
        copies: over how many telephones.
        tract: from a long vocal tract to a short one, as factors of frequency.
        pitch: played slower or faster, which moves pitch and pace together.
    """

    copies: int
    tract: tuple[float, float]
    pitch: tuple[float, float]


TREATMENTS = {
    "fluent": Treatment(1, (0.94, 1.07), (0.95, 1.06)),
    "joined": Treatment(1, (0.84, 1.2), (0.88, 1.15)),
    "whole": Treatment(4, (0.84, 1.18), (0.88, 1.14)),
    "kokoro-training": Treatment(5, (0.84, 1.18), (0.88, 1.14)),
    "synthetic": Treatment(1, (0.8, 1.26), (0.85, 1.2)),
}
"""Sources with many speakers are changed little; those with a single speaker a lot."""

MORE_COPIES = {("whole", Language.ENGLISH): 16}
"""Telephone numbers as people said them are the nearest to life there is. What is whole in other
languages is mostly other words of a few people, and would be half of their data."""


def save(path: Path, utterances: Sequence[Utterance]) -> None:
    rows = [
        {"frames": len(utterance.features), "words": utterance.words} for utterance in utterances
    ]
    features = [utterance.features for utterance in utterances] or [
        np.zeros((0, COEFFICIENTS), np.float16)
    ]
    unfinished = path.with_suffix(".unfinished.npz")
    np.savez(unfinished, features=np.concatenate(features), said=np.array(json.dumps(rows)))
    os.replace(unfinished, path)


def load(folder: Path) -> Iterator[Utterance]:
    """All utterances in a folder's shards."""
    for path in sorted(folder.glob("*.npz")):
        if path.name.endswith(".unfinished.npz"):
            continue
        with np.load(path) as shard:
            features, rows = shard["features"], json.loads(str(shard["said"]))
        at = 0
        for row in rows:
            words = tuple(tuple(word) for word in row["words"])
            yield Utterance(features[at : at + row["frames"]].copy(), words)
            at += row["frames"]


@dataclass(frozen=True)
class Exchange:
    """Sends shards of clean speech through telephones."""

    telephone: Telephone
    out: Path

    def __call__(self, job: tuple[Path, str, int]) -> None:
        path, source, copy = job
        seed = zlib.crc32(f"{path.parent.name}/{path.name}/{copy}".encode())
        rng = np.random.default_rng(seed)
        treatment = TREATMENTS[source]
        made = [
            utterance
            for labelled in shards.load(path)
            if (utterance := self._over_the_line(labelled, treatment, rng)) is not None
        ]
        save(self.out / path.parent.name / f"{path.stem}-{copy}.npz", made)

    def nobody(self, language: Language, number: int) -> None:
        rng = np.random.default_rng((zlib.crc32(language.encode()), number))
        made = [
            Utterance(mfcc(self.telephone.nobody(rng)).astype(np.float16), ()) for _ in range(EACH)
        ]
        save(self.out / language / f"{NOBODY}-{number:04}.npz", made)

    def _over_the_line(
        self, labelled: shards.Labelled, treatment: Treatment, rng: np.random.Generator
    ) -> Utterance | None:
        pitch = float(rng.uniform(*treatment.pitch)) if rng.random() < 0.75 else 1.0
        line = self.telephone(faster(labelled.sound, pitch), rng)
        features = mfcc(line, float(rng.uniform(*treatment.tract)) / pitch)
        if len(features) < 3 * sum(map(len, labelled.units)) + 6:
            return None  # spoken faster than the network could follow
        return Utterance(features.astype(np.float16), labelled.units)


_exchange: Exchange


def _work(job: tuple[Path, str, int]) -> None:
    _exchange(job)


def jobs(clean: Path, out: Path, language: Language) -> Iterator[tuple[Path, str, int]]:
    """The missing jobs: shard, source, and number of the telephone."""
    for path in sorted((clean / language).glob("*.npz")):
        source = path.name.rpartition("-")[0]
        if source not in TREATMENTS or path.name.endswith(".unfinished.npz"):
            continue
        for copy in range(MORE_COPIES.get((source, language), TREATMENTS[source].copies)):
            if not (out / language / f"{path.stem}-{copy}.npz").is_file():
                yield path, source, copy


def main() -> None:
    global _exchange
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="+", type=Language, choices=list(Language))
    parser.add_argument("--clean", type=Path, required=True, help="folder of shards, by language")
    parser.add_argument("--recorded", type=Path, required=True, help="for its noises")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    babble = [
        labelled.sound
        for language in Language
        for source in ("whole", "joined")
        for path in sorted((asked.clean / language).glob(f"{source}-000[01].npz"))
        for labelled in shards.load(path)
        if len(labelled.sound) > 8000
    ]
    _exchange = Exchange(Telephone(babble, noises(asked.recorded)), asked.out)
    for language in asked.languages:
        (asked.out / language).mkdir(parents=True, exist_ok=True)
        for number in range(NOBODIES):
            if not (asked.out / language / f"{NOBODY}-{number:04}.npz").is_file():
                _exchange.nobody(language, number)
    wanted = [job for language in asked.languages for job in jobs(asked.clean, asked.out, language)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for _ in tqdm(
            pool.imap_unordered(_work, wanted), "telephones", len(wanted), mininterval=10
        ):
            pass


if __name__ == "__main__":
    main()
