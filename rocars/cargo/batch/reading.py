"""A whole file read: what can be lodged, and everything that cannot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, Literal

from rocars.cargo.batch import csv_file, xml_file
from rocars.cargo.batch.checking import judge
from rocars.cargo.batch.encodings import recognised
from rocars.cargo.batch.items import REFERENCE, FileBroken, RawRow, RowError
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import ConsignmentData
from rocars.cargo.settings import BatchSettings

Format = Literal["csv", "xml"]
Progress = Callable[[int, int], None]
_CHUNK = 1 << 20


@dataclass(frozen=True)
class GoodRow:
    """A consignment that can be lodged; `reference` is the shipper's own, perhaps empty."""

    line: int
    reference: str
    data: ConsignmentData


@dataclass
class Reading:
    """What came of reading a file.

    Args:
        sha256: of the file as it came, hexadecimal.
        whole: whether it was read to its end; otherwise nothing of it may be lodged.
        rows: how many consignments were found in it.
        errors: at most as many as the settings say; `unlisted` counts those beyond.
    """

    sha256: str
    format: Format = "csv"
    encoding: str = ""
    whole: bool = True
    rows: int = 0
    good: list[GoodRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unlisted: int = 0


def read_file(
    file: BinaryIO,
    company: str,
    dates: LodgingDates,
    settings: BatchSettings,
    progress: Progress = lambda _rows, _bytes: None,
) -> Reading:
    """Read and judge a file. Takes a second for 5,000 consignments: not for an event loop.

    `progress` is told after each consignment how many there were and how many bytes were read.
    """
    reading = Reading(_sha256(file))
    try:
        _read(file, reading, company, dates, settings, progress)
    except FileBroken as broken:
        reading.whole = False
        reading.errors.append(broken.error)
    return reading


def _sha256(file: BinaryIO) -> str:
    digest = sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _read(
    file: BinaryIO,
    reading: Reading,
    company: str,
    dates: LodgingDates,
    settings: BatchSettings,
    progress: Progress,
) -> None:
    file.seek(0)
    if file.read(4) == b"PK\x03\x04":
        raise FileBroken(
            RowError(0, 0, "", "ZIP", "CSV or XML; save the spreadsheet as CSV in UTF-8")
        )
    reading.encoding = recognised(file)
    file.seek(0)
    # Detached at the end: the file belongs to the caller.
    text = io.TextIOWrapper(file, encoding=reading.encoding, newline="")
    try:
        reading.format = _format(text)
        text.seek(0)
        for row in _rows(text, reading.format):
            reading.rows += 1
            if reading.rows > settings.max_consignments:
                raise FileBroken(
                    RowError(
                        row.line,
                        0,
                        "",
                        "",
                        "at most %(most)s consignments in a file",
                        {"most": str(settings.max_consignments)},
                    )
                )
            _take(reading, row, judge(row, company, dates), settings.max_errors)
            progress(reading.rows, file.tell())
    finally:
        text.detach()
    if reading.rows == 0:
        raise FileBroken(RowError(0, 0, "", "", "at least one consignment"))


def _format(text: io.TextIOWrapper) -> Format:
    head = text.read(1024).lstrip("\ufeff \t\r\n")
    return "xml" if head.startswith("<") else "csv"


def _rows(text: io.TextIOWrapper, kind: Format) -> Iterator[RawRow]:
    return xml_file.rows(text) if kind == "xml" else csv_file.rows(text)


def _take(
    reading: Reading, row: RawRow, judged: ConsignmentData | list[RowError], most: int
) -> None:
    if isinstance(judged, ConsignmentData):
        reference = row.cells.get(REFERENCE)
        text = reference.text if reference is not None else ""
        reading.good.append(GoodRow(row.line, text, judged))
        return
    room = max(0, most - len(reading.errors))
    reading.errors += judged[:room]
    reading.unlisted += len(judged[room:])
