"""A returned set of recordings, as a zip or a folder of files, taken in by their names."""

from __future__ import annotations

import asyncio
import io
import lzma
import re
import struct
import uuid
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ground.processes import ProcessLost, TooMuchWork
from ground.refusal import Refusal
from ivr.records.prompt_tables import PromptVersion, Source
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Intake
from prompts.take import BadTake, Fault
from speech.languages.language import Language

MOST_FILES = 2000
LARGEST_SET = 500_000_000
"""Bytes of all files together, unpacked."""

_NUMBERED = re.compile(r"([0-9]{4,6})([^0-9].*)?", re.DOTALL)
_LANGUAGE = re.compile(rf"[-_ .]({'|'.join(Language)})(?:[-_ .]|$)", re.IGNORECASE)


class BadSet(Refusal):
    """The file is no set of recordings; it says why."""


DAMAGED = "It is damaged in the zip, and cannot be read. Send it again."
NOT_MEASURED = "It could not be measured now. Send it again."
OTHER_LANGUAGE = "It is of another language: its name says so."
NO_SPEECH_OF_OURS = "Its name is no number and no name of the script."
REASONS = (DAMAGED, NOT_MEASURED, OTHER_LANGUAGE, NO_SPEECH_OF_OURS)
"""Why a file was not listened to at all, in English."""


@dataclass(frozen=True)
class Returned:
    """A file of a returned set; without `data` it is damaged."""

    name: str
    data: bytes | None


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        clip: which prompt its name names; None where it names none.
        version: the draft it became.
        why: why it became none.
    """

    file: str
    clip: StudioClip | None = None
    version: PromptVersion | None = None
    why: BadTake | str = ""


@dataclass
class Imported:
    """What came of a set, file by file as they came.

    Attributes:
        batch: by which it can be undone as one.
        broken: why the rest of the set could not be read; None if all was.
    """

    batch: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    broken: BadSet | None = None

    @property
    def taken(self) -> list[PromptVersion]:
        return [outcome.version for outcome in self.outcomes if outcome.version is not None]

    @property
    def refused(self) -> list[Outcome]:
        return [
            outcome
            for outcome in self.outcomes
            if outcome.version is None and outcome.clip is not None
        ]

    @property
    def unknown(self) -> list[str]:
        """Files whose name is no number or name of the script."""
        return [outcome.file for outcome in self.outcomes if outcome.clip is None]

    @property
    def twice(self) -> list[tuple[StudioClip, int]]:
        """Prompts for which several files came, and how many: the last is the newest draft."""
        counted = Counter(
            outcome.clip.number for outcome in self.outcomes if outcome.clip is not None
        )
        clips = {
            outcome.clip.number: outcome.clip
            for outcome in self.outcomes
            if outcome.clip is not None
        }
        return [(clips[number], count) for number, count in counted.items() if count > 1]


def unpacked(data: bytes, largest: int) -> Iterator[Returned]:
    """The files of a zip, each with its name alone: a path in it counts for nothing.

    Never unpacks more than `largest` bytes of one file, whatever the directory says. One that is
    damaged does not end the rest. Raises BadSet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise BadSet("more than %(number)d files", number=MOST_FILES)
            total = 0
            for entry in entries:
                name = entry.filename.replace("\\", "/").rpartition("/")[2]
                if name.startswith(".") or not name:
                    continue  # what file managers leave behind
                content = _content(archive, entry, largest)
                total += len(content or b"")
                if total > LARGEST_SET:
                    raise BadSet(
                        "more than %(number)d MB unpacked", number=LARGEST_SET // 1_000_000
                    )
                yield Returned(name, content)
    except DAMAGE as failure:
        raise BadSet("not a zip file that can be read") from failure


DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError),
    *(OSError, EOFError, struct.error, UnicodeDecodeError, OverflowError),
)
"""What reading a damaged zip may raise, method of packing by method."""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, largest: int) -> bytes | None:
    try:
        with archive.open(entry) as file:
            return file.read(largest + 1)
    except DAMAGE:
        return None


def opened(files: Iterable[tuple[str, bytes]], largest: int) -> Iterator[Returned]:
    """Files as they are, and the files of a zip in its place. Raises BadSet."""
    for name, data in files:
        if name.lower().endswith(".zip"):
            yield from unpacked(data, largest)
        else:
            yield Returned(name.replace("\\", "/").rpartition("/")[2], data)


async def take_in(
    intake: Intake,
    by: str,
    clips: Iterable[StudioClip],
    files: Iterator[Returned],
    largest: int,
) -> Imported:
    """Take in every file whose name begins with a clip's number, or is a clip's name.

    Each file stands for itself: what is refused loses nothing of the others. Unpacking takes a
    processor for seconds, and is done beside the event loop. Raises RecordsUnavailable.
    """
    found = _by_name(clips)
    imported = Imported(str(uuid.uuid4()))
    while True:
        try:
            file = await asyncio.to_thread(next, files, None)
        except BadSet as failure:
            imported.broken = failure
            return imported
        if file is None:
            return imported
        imported.outcomes.append(await _outcome(intake, by, found, file, largest, imported.batch))


async def _outcome(
    intake: Intake,
    by: str,
    found: Mapping[str, StudioClip],
    file: Returned,
    largest: int,
    batch: str,
) -> Outcome:
    key, language = _named(file.name)
    clip = found.get(key)
    if clip is None:
        return Outcome(file.name, why=NO_SPEECH_OF_OURS)
    if language is not None and language is not clip.language:
        return Outcome(file.name, clip, why=OTHER_LANGUAGE)
    if file.data is None:
        return Outcome(file.name, clip, why=DAMAGED)
    if len(file.data) > largest:
        return Outcome(file.name, clip, why=BadTake(Fault.TOO_LARGE, None, largest / 1e6))
    try:
        version = await intake.file(by, clip, file.data, Source.IMPORTED, file.name, batch=batch)
    except BadTake as why:
        return Outcome(file.name, clip, why=why)
    except (ProcessLost, TooMuchWork):
        return Outcome(file.name, clip, why=NOT_MEASURED)
    return Outcome(file.name, clip, version)


def _by_name(clips: Iterable[StudioClip]) -> Mapping[str, StudioClip]:
    found = {}
    for clip in clips:
        found[str(clip.number)] = clip
        found[clip.name.replace("/", ".").lower()] = clip
    return found


def _named(file: str) -> tuple[str, Language | None]:
    """Number or name of the clip that a file is for, and the language it says it is of."""
    stem = file.rpartition(".")[0] or file
    numbered = _NUMBERED.fullmatch(stem)
    if numbered is None:
        return stem.lower(), None
    language = _LANGUAGE.match(numbered[2] or "")
    return numbered[1], Language(language[1].lower()) if language else None
