"""The recording script for a voice artist: numbered, with context and target length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from ivr.studio.clips import StudioClip

COLUMNS = ("number", "file", "words", "context", "target seconds", "now heard")


def file_name(clip: StudioClip) -> str:
    """What the artist calls the file; any ending that is audio will do when it comes back.

    Number and language count: a file of one language is not taken in for another. Names of clips
    have slashes, which no file may have.
    """
    return f"{clip.number}-{clip.language}-{clip.name.replace('/', '.')}.wav"


def as_csv(clips: Iterable[StudioClip]) -> str:
    """With a byte order mark, so that spreadsheets read the Chinese as it is."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for clip in clips:
        writer.writerow(
            [
                clip.number,
                file_name(clip),
                inert(clip.words),
                inert("; ".join(clip.used_in)),
                f"{clip.seconds:.1f}" if clip.seconds is not None else "",
                clip.source or "missing",
            ]
        )
    return "\ufeff" + sheet.getvalue()


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
