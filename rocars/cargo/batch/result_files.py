"""What shippers download: the CCRNs of a file, its errors, and an empty file to fill in.

CSV in UTF-8 with BOM, which spreadsheets of today open as it is meant.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence

from rocars.cargo.batch.checking import FORMULA
from rocars.cargo.batch.items import ITEMS, RowError
from rocars.cargo.messages import BatchLine

Translate = Callable[[str], str]


def results(lines: Iterable[BatchLine], say: Translate) -> bytes:
    """Line, the shipper's reference and CCRN of each consignment lodged."""
    return _csv(
        (say("line"), say("reference"), "CCRN"),
        ((str(line.line), line.reference, line.ccrn) for line in lines),
    )


def errors(found: Iterable[RowError], say: Translate) -> bytes:
    """Every error with its place and what was expected."""
    return _csv(
        (say("line"), say("column"), say("item"), say("found"), say("expected")),
        (
            (str(error.line), str(error.column), error.item, error.found, message_for(error, say))
            for error in found
        ),
    )


def template() -> bytes:
    """The line of headings."""
    return _csv([item.name for item in ITEMS], ())


def message_for(error: RowError, say: Translate) -> str:
    """What was expected, in the language of `say`."""
    message = say(error.expected)
    return message % error.values if error.values else message


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    for row in rows:
        writer.writerow(_harmless(cell) for cell in row)
    return codecs.BOM_UTF8 + text.getvalue().encode()


def _harmless(cell: str) -> str:
    """No cell of ours is a formula, whatever a shipper wrote (OWASP, CSV injection)."""
    return f"'{cell}" if FORMULA.match(cell) else cell
