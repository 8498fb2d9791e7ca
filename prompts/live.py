"""The recordings that are live in place of those that come with the service.

They are published into a directory of the node: one raw PCM file a version, and a list that is
replaced as a whole. A worker looks at the list once an utterance, which costs one stat(2); so the
next utterance plays the new recording and what is being played goes on as it was.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from prompts.library import Library
from prompts.script import clips, without_place
from prompts.whole_file import write_whole
from speech.languages.language import Language

log = structlog.get_logger(__name__)

LIST = "live.json"
Key = tuple[Language, str]


@dataclass(frozen=True)
class LiveClip:
    """One recording that is live.

    Attributes:
        version: its id; the name of its file.
        words: what it says, as written.
        base_digest: of the words of the release it was made for.
    """

    language: Language
    clip: str
    version: int
    words: str
    base_digest: str


def publish(directory: Path, live: Iterable[LiveClip], sounds: Mapping[int, bytes]) -> None:
    """Make these recordings live on this node, at once.

    `sounds` has the PCM of the versions whose file is not there yet (`unpublished`). Raises
    OSError; then everything stays as it was.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for version, pcm in sounds.items():
        write_whole(_file(directory, version), pcm)
    entries = [vars(clip) for clip in live]
    write_whole(directory / LIST, json.dumps(entries, ensure_ascii=False, indent=1).encode())


def published(directory: Path) -> list[LiveClip]:
    """What is live on this node; empty where nothing was published yet. Raises ValueError."""
    try:
        read = json.loads((directory / LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as failure:
        raise ValueError(f"{LIST} cannot be read: {failure}") from failure
    return [_entry(entry) for entry in read]


def unpublished(directory: Path, versions: Iterable[int]) -> list[int]:
    """Those of these versions whose sound is not in the directory."""
    return [version for version in versions if not _file(directory, version).exists()]


def tidy(directory: Path, keep: Iterable[int]) -> None:
    """Delete the sound of other versions. A process that plays it keeps it to its end."""
    kept = {_file(directory, version).name for version in keep}
    for path in directory.glob("*.pcm"):
        if path.name not in kept:
            with contextlib.suppress(OSError):
                path.unlink()


class PublishedLibrary:
    """The recordings of the release, with those that are live laid over them (a `Shelf`)."""

    def __init__(self, shipped: Library, directory: Path) -> None:
        self._shipped = shipped
        self._directory = directory
        self._live: dict[Key, LiveClip] = {}
        self._mapped: dict[int, memoryview] = {}
        self._seen: tuple[int, int] | None = None
        self._digests: dict[Key, str] = {
            (language, clip.name): clip.digest for language in Language for clip in clips(language)
        }

    def clip(self, language: Language, name: str) -> memoryview | None:
        """The live recording, else the shipped one, else None.

        A digit at the edge of a group that is not live is taken from inside one if that is: numbers
        are said in one voice.
        """
        for wanted in dict.fromkeys((name, without_place(name))):
            live = self._live.get((language, wanted))
            sound = None if live is None else self._sound(live)
            if sound is not None:
                return sound
        return self._shipped.clip(language, name)

    def words(self, language: Language, name: str) -> str | None:
        live = self._live.get((language, name))
        return None if live is None or self._sound(live) is None else live.words

    def changed(self) -> bool:
        try:
            found = os.stat(self._directory / LIST)
        except OSError:
            return False  # nothing was ever published, or the disk is away: as before
        seen = (found.st_ino, found.st_mtime_ns)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            entries = published(self._directory)
        except (ValueError, TypeError, KeyError) as failure:
            log.error("live recordings cannot be read, the last ones stay", why=str(failure))
            return False
        self._live = {}
        for entry in entries:
            key = (entry.language, entry.clip)
            if self._digests.get(key) != entry.base_digest:
                log.error(
                    "live recording is not of these words", clip=entry.clip, version=entry.version
                )
                continue
            self._live[key] = entry
        used = {clip.version for clip in self._live.values()}
        self._mapped = {version: it for version, it in self._mapped.items() if version in used}
        return True

    def _sound(self, live: LiveClip) -> memoryview | None:
        """Its PCM, mapped so that all workers share one copy."""
        if live.version not in self._mapped:
            path = _file(self._directory, live.version)
            try:
                with path.open("rb") as file:
                    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as failure:
                # As shipped, and said so: its words are those of the release, so no caller is
                # told anything that is not true.
                log.error("live recording cannot be read", clip=live.clip, why=str(failure))
                return None
            self._mapped[live.version] = memoryview(mapped)
        return self._mapped[live.version]


def as_heard(shipped: Library, directory: Path) -> Library:
    """One library of what callers of this node hear now, for who listens to it."""
    over = PublishedLibrary(shipped, directory)
    if not over.changed():
        return shipped
    pieces: list[bytes] = []
    index: dict[Key, tuple[int, int]] = {}
    at = 0
    for language, name in shipped.index:
        pcm = bytes(over.clip(language, name) or b"")
        pieces.append(pcm)
        index[language, name] = (at, at + len(pcm))
        at += len(pcm)
    return Library(b"".join(pieces), index, shipped.missing)


def _file(directory: Path, version: int) -> Path:
    return directory / f"{version}.pcm"


def _entry(read: Any) -> LiveClip:
    return LiveClip(
        Language(read["language"]),
        str(read["clip"]),
        int(read["version"]),
        str(read["words"]),
        str(read["base_digest"]),
    )
