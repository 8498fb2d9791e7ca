"""All recordings in memory, loaded once and shared by the workers that are forked after."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import soundfile
import structlog

from prompts.script import clips
from speech.languages.language import Language

log = structlog.get_logger(__name__)

RECORDINGS = Path(__file__).with_name("recordings")
MANIFEST = "manifest.json"
SAMPLE_RATE = 8000


class Shelf(Protocol):
    """Where the composer takes recordings from."""

    def clip(self, language: Language, name: str) -> memoryview | None:
        """A recording's PCM, or None."""

    def words(self, language: Language, name: str) -> str | None:
        """What the recording says in place of the catalogue's text; None where it says that."""

    def changed(self) -> bool:
        """Look whether other recordings are to be played from now on; asked once an utterance."""


@dataclass(frozen=True)
class Library:
    """Recordings as one piece of memory and an index into it.

    Attributes:
        missing: what the script wants and is not there, unreadable or stale, as ``yue name: why``.
    """

    pcm: bytes = field(repr=False)
    index: dict[tuple[Language, str], tuple[int, int]] = field(repr=False)
    missing: tuple[str, ...]

    def clip(self, language: Language, name: str) -> memoryview | None:
        """A recording's PCM, or None."""
        found = self.index.get((language, name))
        return None if found is None else memoryview(self.pcm)[found[0] : found[1]]

    def words(self, language: Language, name: str) -> str | None:
        """None: these recordings say what the catalogue says."""
        return None

    def changed(self) -> bool:
        """Never: they come with the release."""
        return False


def load_library(directory: Path | None = None) -> Library:
    """Read every recording of the script. What cannot be read is logged and left out."""
    directory = directory or RECORDINGS
    pieces: list[bytes] = []
    index: dict[tuple[Language, str], tuple[int, int]] = {}
    missing: list[str] = []
    at = 0
    for language in Language:
        known = read_manifest(directory / language)
        for clip in clips(language):
            entry = known.get(clip.name)
            why = "no recording"
            if entry is not None:
                why = (
                    "the recording says something else"
                    if entry.get("digest") != clip.digest
                    else ""
                )
            pcm = b"" if why else _read(directory / language / f"{clip.name}.flac")
            if not pcm:
                why = why or "cannot be read"
                missing.append(f"{language} {clip.name}: {why}")
                log.error("recording missing", language=language, clip=clip.name, why=why)
                continue
            pieces.append(pcm)
            index[language, clip.name] = (at, at + len(pcm))
            at += len(pcm)
    return Library(b"".join(pieces), index, tuple(missing))


def read_manifest(directory: Path) -> dict[str, dict[str, Any]]:
    """What is recorded in a directory: by clip, its digest, voice and loudness."""
    try:
        read = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        log.error("no manifest of recordings", directory=directory.name, why=str(failure))
        return {}
    if not isinstance(read, dict):
        log.error("no manifest of recordings", directory=directory.name, why="not an object")
        return {}
    return {name: entry for name, entry in read.items() if isinstance(entry, dict)}


def _read(path: Path) -> bytes:
    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.LibsndfileError, OSError):
        return b""
    if rate != SAMPLE_RATE or samples.ndim != 1:
        return b""
    pcm: bytes = samples.astype("<i2").tobytes()
    return pcm
