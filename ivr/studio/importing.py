"""A returned set of recordings, as a zip or a folder of files, taken in by their names."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ivr.records.console_tables import PromptVersion, Source
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Intake
from prompts.take import BadTake, Fault

MOST_FILES = 2000
LARGEST_SET = 500_000_000
"""Bytes of all files together, unpacked."""

_NUMBERED = re.compile(r"(\d{4,6})(?:\D.*)?")


class BadSet(ValueError):
    """The file is no set of recordings; the text says why."""


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why."""

    file: str
    why: BadTake


@dataclass
class Imported:
    """What came of a set."""

    taken: list[PromptVersion] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Files whose name is no number or name of the script."""
    broken: str = ""
    """Why the rest of the set could not be read; empty if all was."""


def unpacked(data: bytes, largest: int) -> Iterator[tuple[str, bytes]]:
    """The files of a zip, each with its name alone: a path in it counts for nothing.

    Never unpacks more than `largest` bytes of one file, whatever the directory says. Raises BadSet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > MOST_FILES:
                raise BadSet(f"more than {MOST_FILES} files")
            total = 0
            for entry in entries:
                name = entry.filename.replace("\\", "/").rpartition("/")[2]
                if name.startswith(".") or not name:
                    continue  # what file managers leave behind
                with archive.open(entry) as file:
                    content = file.read(largest + 1)
                total += len(content)
                if total > LARGEST_SET:
                    raise BadSet(f"more than {LARGEST_SET // 1_000_000} MB unpacked")
                yield name, content
    except (
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
        OSError,
        EOFError,
    ) as failure:
        raise BadSet("not a zip file that can be read") from failure


def opened(files: Iterable[tuple[str, bytes]], largest: int) -> Iterator[tuple[str, bytes]]:
    """Files as they are, and the files of a zip in its place. Raises BadSet."""
    for name, data in files:
        if name.lower().endswith(".zip"):
            yield from unpacked(data, largest)
        else:
            yield name.replace("\\", "/").rpartition("/")[2], data


async def take_in(
    intake: Intake,
    by: str,
    clips: Iterable[StudioClip],
    files: Iterator[tuple[str, bytes]],
    largest: int,
) -> Imported:
    """Take in every file whose name begins with a clip's number, or is a clip's name.

    Each file stands for itself: what is refused loses nothing of the others. Raises
    RecordsUnavailable.
    """
    found = _by_name(clips)
    imported = Imported()
    while True:
        try:
            name, data = next(files)
        except StopIteration:
            return imported
        except BadSet as failure:
            imported.broken = str(failure)
            return imported
        clip = found.get(_key(name))
        if clip is None:
            imported.unknown.append(name)
        elif len(data) > largest:
            imported.refused.append(Refused(name, BadTake(Fault.TOO_LARGE, None, largest / 1e6)))
        else:
            try:
                imported.taken.append(await intake.file(by, clip, data, Source.IMPORTED, name))
            except BadTake as why:
                imported.refused.append(Refused(name, why))


def _by_name(clips: Iterable[StudioClip]) -> Mapping[str, StudioClip]:
    found = {}
    for clip in clips:
        found[str(clip.number)] = clip
        found[clip.name.replace("/", ".").lower()] = clip
    return found


def _key(file: str) -> str:
    stem = file.rpartition(".")[0] or file
    numbered = _NUMBERED.fullmatch(stem)
    return numbered[1] if numbered else stem.lower()
