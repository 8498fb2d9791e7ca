"""Make the model of the Cantonese voice from one person's read syllables.

    python -m speech.training.cantonese_voice --recorded FOLDER [--keep FOLDER] [--out FILE]

Each recording is analysed by WORLD (Morise 2016): envelope, pitch, and the noise in the voice,
which D4C measures at twice the rate, since at 8000 Hz it has no band below 3 kHz. Takes of a
syllable in its level tones (1, 3 and 6, in which the voice creaks least) are brought to one length,
aligned (dynamic time warping), and their median is kept.
Nothing is random. `--keep` keeps the analyses, from which an interrupted run goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from tqdm import tqdm

from speech.languages.language import Language
from speech.training.features import Floats
from speech.training.lexicon import Lexicon
from speech.training.recorded import recorded
from speech.voices.cantonese.envelope import (
    SAMPLE_RATE,
    STEP_S,
    Doubles,
    Marks,
    encoded,
    level_db,
)
from speech.voices.cantonese.letters import LETTERS
from speech.voices.cantonese.model import FILE, RIME_ROWS, Sound, save
from speech.voices.cantonese.rendering import world
from speech.voices.cantonese.syllable import SONORANTS, Syllable

FLOOR_HZ, CEILING_HZ = 60.0, 420.0
SPEAKER = "kt"
TONES = "136"
_SPOKEN_DB, _ABOVE_NOISE_DB = 20.0, 7.0
"""Voice is at most so far below the loudest row; a consonant is at least so far above the room's
noise."""
_USUAL_NOISE_DB = -12.0
_LEAST_ROWS = {"f": 18, "h": 14, "s": 20, "c": 16, "p": 11, "t": 11, "k": 12, "kw": 13, "z": 7}
"""Rows before the voice that belong to consonants which may be softer than the room's noise."""
_ENDED_DB = {"open": 14.0, "nasal": 19.0, "checked": 26.0}
"""Level relative to the loudest row at which a read syllable has ended, though a spoken one would
go on."""
_STEADY = 0.7
"""Share of the mean rate of change that a steady sound counts as, so that it gets some rows too."""
_OF_ANOTHER_RIME = {"et": ("en", 0.55), "a": ("aa", 1.0)}
"""Rimes that the speaker never read, and which part of another one replaces them: en without its n
is the vowel on its way to the place of t."""
_FURTHEST = 2.0
"""Takes that are this many times as far from the middle one as the median are left out."""


@dataclass(frozen=True)
class Take:
    """One analysed recording: a row every 5 ms, without silence."""

    numbers: Doubles
    pitch: Doubles
    noise_db: Doubles


def taken_apart(clip: Floats) -> Take:
    """Analyse a recording. Needs pyworld and soxr."""
    import soxr

    pyworld = world()

    sound = np.ascontiguousarray(clip, np.float64)
    doubled = soxr.resample(sound, SAMPLE_RATE, 2 * SAMPLE_RATE)
    step_ms = 1000 * STEP_S
    rough, at = pyworld.dio(doubled, 2 * SAMPLE_RATE, FLOOR_HZ, CEILING_HZ, frame_period=step_ms)
    pitch = pyworld.stonemask(doubled, rough, at, 2 * SAMPLE_RATE)
    power = pyworld.cheaptrick(sound, pitch, at, SAMPLE_RATE, f0_floor=FLOOR_HZ)
    seldom = slice(None, None, 2)  # slower than everything else, and changes slowly
    apart = pyworld.d4c(doubled, pitch[seldom].copy(), at[seldom].copy(), 2 * SAMPLE_RATE)
    noise = pyworld.code_aperiodicity(apart, 2 * SAMPLE_RATE)[:, 0]
    return Take(encoded(power), pitch, np.interp(at, at[seldom], noise))


def sound_of(syllable: Syllable, takes: Iterable[Take]) -> Sound:
    """The median of takes of one syllable in any tones, aligned."""
    parts = [_parted(syllable, take) for take in takes]
    onset_rows = round(float(np.median([onset for _, onset in parts])))
    tables = [_timed(take, onset, onset_rows) for take, onset in parts]
    middle = _middle(tables)
    aligned = [_aligned(tables[middle], table, onset_rows) for table in tables]
    away = np.array([_distance(tables[middle], table) for table in aligned])
    near = away <= _FURTHEST * np.median(away[away > 0]) if len(away) > 1 else away <= 0
    kept = [table for table, is_near in zip(aligned, near, strict=True) if is_near]
    numbers, noise, voice = (np.median(np.stack(part), 0) for part in zip(*kept, strict=True))
    numbers[:, 0] += -level_db(numbers)[onset_rows:].max() * np.log(10) / 10
    voiced = np.asarray(voice > 0.5, np.bool_)
    voiced[onset_rows:] |= ~_ends_hushed(voiced[onset_rows:])
    return Sound(numbers, noise, voiced, onset_rows)


_Timed = tuple[Doubles, Doubles, Doubles]
"""Numbers, noise and voice (0 or 1) of a take, at the length of the others."""


def _parted(syllable: Syllable, take: Take) -> tuple[Take, int]:
    """A take without silence and fading end, and the number of rows of its onset."""
    level = gaussian_filter1d(level_db(take.numbers), 1.0)
    level -= level.max()
    voiced = median_filter((take.pitch > 0).astype(np.uint8), 7).astype(bool) & (
        level > -_SPOKEN_DB
    )
    first = int(np.argmax(voiced))
    hushed = np.median(level[: max(6, min(16, first // 2))]) + _ABOVE_NOISE_DB
    quiet = np.flatnonzero(level[:first] < min(float(hushed), -_SPOKEN_DB))
    begins = int(quiet[-1]) + 1 if len(quiet) else 0
    begins = max(0, min(begins, first - _LEAST_ROWS.get(syllable.onset, 0)))
    ended = _ENDED_DB["checked" if syllable.checked else _ending(syllable.rime)]
    ends = int(np.flatnonzero(level > -ended)[-1]) + 1
    part = slice(begins, ends)
    cut = Take(
        take.numbers[part], np.where(voiced, take.pitch, 0)[part], _filled(take.noise_db)[part]
    )
    if syllable.onset in SONORANTS:
        early = slice(4, max(8, min(36, (ends - begins) // 2)))
        return cut, 4 + int(np.argmax(_change(cut.numbers)[early]))
    return cut, min(first - begins, (ends - begins) // 2) if syllable.onset else 0


def _filled(noise_db: Doubles) -> Doubles:
    """D4C gives no noise for some rows, mostly in a low voice: fill them from their neighbours."""
    known = np.isfinite(noise_db)
    if not known.any():
        return np.full(len(noise_db), _USUAL_NOISE_DB)
    rows = np.arange(len(noise_db))
    return np.asarray(np.interp(rows, rows[known], noise_db[known]), np.float64)


def _ending(rime: str) -> str:
    return "nasal" if rime[-1] in "mng" else "open"


def _change(numbers: Doubles) -> Doubles:
    """How fast the shape of the envelope changes at each row."""
    smooth = gaussian_filter1d(numbers[:, 1:16], 1.5, axis=0, mode="nearest")
    return np.asarray(np.linalg.norm(np.gradient(smooth, axis=0), axis=1), np.float64)


def _timed(take: Take, onset: int, onset_rows: int) -> _Timed:
    """Resample the onset by time and the rime by change: a steady vowel gets few rows."""
    first = np.linspace(0, onset, onset_rows, endpoint=False)
    change = _change(take.numbers)[onset:]
    spent = np.cumsum(change + _STEADY * change.mean() + 1e-9)
    spent = (spent - spent[0]) / (spent[-1] - spent[0] + 1e-9)
    rest = onset + np.interp(np.linspace(0, 1, RIME_ROWS), spent, np.arange(len(spent)))
    return _at(
        (take.numbers, take.noise_db, (take.pitch > 0).astype(float)), np.append(first, rest)
    )


def _at(columns: _Timed, place: Doubles) -> _Timed:
    numbers, noise, voice = columns
    where = np.arange(len(numbers))
    smooth = np.stack([np.interp(place, where, column) for column in numbers.T], 1)
    return smooth, np.interp(place, where, noise), voice[np.round(place).astype(int)]


def _distance(take: _Timed, other: _Timed) -> float:
    """The distance of spectral shapes, without levels."""
    return float(np.linalg.norm(take[0][:, 1:16] - other[0][:, 1:16], axis=1).mean())


def _middle(tables: Sequence[_Timed]) -> int:
    """The take that is nearest to all others."""
    return int(np.argmin([sum(_distance(table, other) for other in tables) for table in tables]))


def _aligned(model: _Timed, table: _Timed, onset_rows: int) -> _Timed:
    """Align a take's rime row by row with the model's (dynamic time warping); its onset stays."""
    if table is model:
        return table
    ours, theirs = (part[0][onset_rows:, 1:16] for part in (model, table))
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    count = len(ours)
    cost = np.full((count + 1, count + 1), np.inf)
    cost[0, 0] = 0.0
    for row in range(count):
        for column in range(max(0, row - 10), min(count, row + 11)):
            cheapest = min(cost[row, column], cost[row, column + 1], cost[row + 1, column])
            cost[row + 1, column + 1] = apart[row, column] + cheapest
    found: list[list[int]] = [[] for _ in range(count)]
    row = column = count
    while row and column:
        found[row - 1].append(column - 1)
        steps = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        row, column = min(steps, key=lambda step: cost[step])
    rime = np.array([np.mean(columns) if columns else at for at, columns in enumerate(found)])
    return _at(table, np.append(np.arange(onset_rows), onset_rows + rime))


def _ends_hushed(voiced: Marks) -> Marks:
    """Rows without voice at the end of a rime; a gap in the middle is creak."""
    marks = np.zeros(len(voiced), np.bool_)
    last = np.flatnonzero(voiced)
    if len(last):
        marks[int(last[-1]) + 1 :] = True
    return marks


def built(sounds: Mapping[str, Sound], wanted: Iterable[Syllable]) -> dict[str, tuple[str, str]]:
    """Which recorded syllables give onset and rime of the syllables that nobody recorded."""
    found: dict[str, tuple[str, str]] = {}
    known = [Syllable.of(f"{name}1") for name in sorted(sounds)]
    for syllable in wanted:
        rime, _ = _OF_ANOTHER_RIME.get(syllable.rime, (syllable.rime, 1.0))
        onsets = [
            candidate
            for candidate in known
            if candidate.onset == syllable.onset and candidate.onset
        ]
        rimes = [candidate for candidate in known if candidate.rime == rime]
        if syllable.toneless in sounds or not rimes or not (onsets or not syllable.onset):
            continue
        alike = max(rimes, key=lambda candidate: (candidate.onset == "", candidate.onset == "h"))
        onset = (
            max(onsets, key=lambda candidate: _begin_alike(candidate.rime, rime))
            if onsets
            else alike
        )
        found[syllable.toneless] = onset.toneless, alike.toneless
    return found


def _begin_alike(rime: str, other: str) -> int:
    """How many letters two rimes have in common at the beginning."""
    return next(
        (at for at, (a, b) in enumerate(zip(rime, other, strict=False)) if a != b),
        min(len(rime), len(other)),
    )


def put_together(onset_of: Sound, rime_of: Sound, share: float) -> Sound:
    """Join the onset of one syllable and the rime of another."""
    rime_rows = round(share * (len(rime_of.voiced) - rime_of.onset))
    first, rest = slice(0, onset_of.onset), slice(rime_of.onset, rime_of.onset + rime_rows)
    return Sound(
        np.concatenate([onset_of.numbers[first], rime_of.numbers[rest]]),
        np.concatenate([onset_of.noise_db[first], rime_of.noise_db[rest]]),
        np.concatenate([onset_of.voiced[first], rime_of.voiced[rest]]),
        onset_of.onset,
    )


def made_of(
    takes: Mapping[str, Sequence[Take]],
) -> tuple[dict[str, Sound], dict[str, tuple[str, str]]]:
    """All syllables of the takes, by syllable without tone; and the composed ones, with their
    sources."""
    sounds = {name: sound_of(Syllable.of(f"{name}1"), own) for name, own in takes.items()}
    of_two = built(sounds, (Syllable.of(f"{name}1") for name in sorted(syllables())))
    for name, (onset, rime) in of_two.items():
        _, share = _OF_ANOTHER_RIME.get(Syllable.of(f"{name}1").rime, ("", 1.0))
        sounds[name] = put_together(sounds[onset], sounds[rime], share)
    return sounds, of_two


def syllables() -> set[str]:
    """All syllables of Cantonese and of the letters, without tones."""
    listed = {syllable[:-1] for syllable in Lexicon.of(Language.CANTONESE).syllables}
    return listed | {syllable[:-1] for ways in LETTERS.values() for syllable in ways.split()}


def _kept(folder: Path | None, name: str, clips: Sequence[Floats]) -> list[Take]:
    """The takes of a syllable, from the folder where their analyses are kept."""
    path = folder / f"{name}.npz" if folder else None
    if path and path.exists():
        with np.load(path) as read:
            return [
                Take(*(read[f"{part}{number}"] for part in ("numbers", "pitch", "noise")))
                for number in range(len(clips))
            ]
    takes = [taken_apart(clip) for clip in clips]
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        parts: dict[str, Any] = {
            f"{part}{number}": values.astype(np.float32)
            for number, take in enumerate(takes)
            for part, values in zip(
                ("numbers", "pitch", "noise"),
                (take.numbers, take.pitch, take.noise_db),
                strict=True,
            )
        }
        draft = path.with_name(f"{name}.draft.npz")
        np.savez(draft, **parts)
        draft.replace(path)
    return takes


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m speech.training.cantonese_voice",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recorded", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--keep", type=Path, help="folder of what was taken apart")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    clips = recorded(asked.recorded)[SPEAKER].of
    spoken = syllables()
    by_syllable: dict[str, list[str]] = {}
    for name in sorted(clips):
        if name[-1] in TONES and name[:-1] in spoken:
            by_syllable.setdefault(name[:-1], []).append(name)
    takes = {
        toneless: [take for name in names for take in _kept(asked.keep, name, clips[name])]
        for toneless, names in tqdm(by_syllable.items())
    }
    sounds, of_two = made_of(takes)
    save(asked.out, sounds, of_two)
    print(f"{len(sounds)} syllables in {asked.out.stat().st_size:,} bytes; put together of two:")
    print(", ".join(f"{name} ({onset} + {rime})" for name, (onset, rime) in of_two.items()))


if __name__ == "__main__":
    main()
