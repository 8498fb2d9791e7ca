"""How well scripted callers hear prompts, and what listening costs.

``python -m benchmarks.hearing [--prompts 60]``: every prompt of every language is composed as the
service composes it, with made-up values in its slots, sent over a line of each kind, and listened
to. A prompt is recognised if it, and every digit in it, was heard; a false match is any recording
told that was not played.
"""

from __future__ import annotations

import argparse
import asyncio
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ivr.caller.hearing.prompt_detector import PromptDetector
from ivr.caller.hearing.repertoire import LOST, Repertoire, Sound
from prompts import catalogue
from prompts.catalogue import Prompt, Segment, SlotKind
from prompts.composer import HONG_KONG, Composer
from prompts.library import Library, load_library
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue
from speech.languages.language import Language
from speech.training.augment import noise, through_g711

Line = Callable[[Sound, np.random.Generator], Sound]


def value(kind: SlotKind, rng: np.random.Generator) -> SlotValue:
    digits = "".join(rng.choice(list("0123456789"), 13))
    letters = "".join(rng.choice(list("ABCDEFGHJKLMNPRSTUVWXY"), 2))
    match kind:
        case SlotKind.DIGITS:
            return digits[:10]
        case SlotKind.REFS | SlotKind.ENDINGS:
            return [digits]
        case SlotKind.PLATE:
            return letters + digits[:4]
        case SlotKind.TIME:
            return datetime.now(HONG_KONG) + timedelta(minutes=int(rng.integers(5, 2000)))
        case SlotKind.NUMBER:
            return int(rng.integers(1, 20))
        case SlotKind.LETTER:
            return letters[0]
    return str(rng.integers(1, 10))


def clean(sound: Sound, rng: np.random.Generator) -> Sound:
    return sound


def level(sound: Sound, rng: np.random.Generator) -> Sound:
    return sound * np.float32(10 ** (float(rng.choice([-6, 6])) / 20))


def noisy(sound: Sound, rng: np.random.Generator) -> Sound:
    kind = str(rng.choice(["white", "pink", "cab", "traffic"]))
    other = noise(kind, len(sound), rng)
    loudness = np.sqrt(np.mean(sound[np.abs(sound) > 30] ** 2))
    return sound + other * np.float32(loudness / other.std() * 10 ** (-15 / 20))


def lost(sound: Sound, rng: np.random.Generator) -> Sound:
    """After G.711: packets that never came, as the wire marks them."""
    left = sound.copy()
    for at in range(0, len(left), 160):
        if rng.random() < 0.02:
            left[at : at + 160] = LOST
    return left


LINES: dict[str, tuple[Line, Line]] = {
    "clean": (clean, clean),
    "2 % loss": (clean, lost),
    "±6 dB": (level, clean),
    "15 dB SNR": (noisy, clean),
    "all of it": (lambda sound, rng: noisy(level(sound, rng), rng), lost),
}


@dataclass
class Score:
    """Counts of one language on one kind of line."""

    prompts: int = 0
    recognised: int = 0
    false: int = 0
    seconds: float = 0.0
    work_s: float = 0.0
    latest_ms: int = 0


@dataclass(frozen=True)
class Noting(Library):
    """The recordings, and which of them were taken, in order."""

    taken: list[str] = field(default_factory=list)

    def clip(self, language: Language, name: str) -> memoryview | None:
        self.taken.append(name)
        return super().clip(language, name)


async def played(
    library: Library, language: Language, prompt: Prompt, rng: np.random.Generator
) -> tuple[Sound, list[str]]:
    """A prompt as it is sent, and the recordings it is made of, in order."""
    slots = {name: value(kind, rng) for name, kind in prompt.slots.items()}
    noting = Noting(library.pcm, library.index, library.missing)
    settings = PromptSettings.model_validate({})
    composer = Composer(noting, settings, StandIns(settings, Path("never")))
    utterance = await composer.compose([Phrase(language, prompt.name, slots)])
    pcm = np.frombuffer(utterance.pcm, "<i2").astype(np.float32)
    before = np.zeros(4000 + int(rng.integers(160)), np.float32)
    return np.concatenate([before, pcm, np.zeros(4800, np.float32)]), noting.taken


def listen(repertoire: Repertoire, line: Sound, names: list[str], score: Score) -> None:
    pcm = np.clip(line, -32768, 32767).astype("<i2").tobytes()
    ear, recognised = PromptDetector(repertoire), []
    began = time.thread_time()
    for at in range(0, len(pcm), 320):
        for prompt in ear.hear(pcm[at : at + 320]):
            recognised.append(prompt.known.name)
            score.latest_ms = max(score.latest_ms, ear.fed_ms - prompt.ends_ms)
    recognised += [prompt.known.name for prompt in ear.end()]
    score.work_s += time.thread_time() - began
    score.seconds += len(line) / 8000
    score.prompts += 1
    score.recognised += recognised == names
    score.false += len([name for name in recognised if name not in names])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=10_000, help="a language, at most")
    asked = parser.parse_args()
    library = load_library()
    repertoire = Repertoire.of_library(library)
    table = Table(
        *("line", "prompts", "recognised", "false matches", "latest ms", "calls a core"),
        title="Prompts heard",
    )
    for title, (before, after) in LINES.items():
        score, rng = Score(), np.random.default_rng(11)
        for language in Language:
            for prompt in list(catalogue.load(language))[: asked.prompts]:
                if not any(isinstance(part, Segment) for part in prompt.parts):
                    continue
                sound, names = await played(library, language, prompt, rng)
                coded = through_g711(before(sound, rng), a_law=bool(rng.integers(2)))
                listen(repertoire, after(coded, rng), names, score)
        share = score.recognised / score.prompts
        calls = score.seconds / score.work_s
        table.add_row(
            *(title, str(score.prompts), f"{share:.2%}", str(score.false)),
            *(str(score.latest_ms), f"{calls:.0f}"),
        )
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
