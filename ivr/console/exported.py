"""Tables that are taken away as CSV, sent as they are read: they need not fit into memory."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

import structlog
from aiohttp import web

from ivr.records.database import RecordsUnavailable
from ivr.studio.script_book import inert

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Rows that are read at a time: enough for most of the time to go into rows, not into asking for
them, and so few that the event loop is held for some milliseconds."""

_BEGINNING = b"\xef\xbb\xbf"
"""So that spreadsheets read Chinese."""

Row = Iterable[object]
Pages = AsyncGenerator[Iterable[Row], None]
"""Some rows at a time. Cells are best made when the rows are gone through: that is done in another
thread, before the next rows are asked for."""


async def sent_as_csv(
    request: web.Request, name: str, columns: Row, pages: Pages
) -> web.StreamResponse:
    """All rows of all pages, below a row of headings.

    When the database goes away in the middle the connection is broken off: a file that is not whole
    must not look whole. When the reader leaves, nothing more is read.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    await response.write(_BEGINNING + _lines((columns,)))
    try:
        async with aclosing(pages):
            async for rows in pages:
                await response.write(await asyncio.to_thread(_lines, rows))
    except ConnectionResetError:
        return response  # the reader has left
    except RecordsUnavailable as failure:
        log.error("an export is not whole", name=name, why=str(failure))
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def csv_of(columns: Row, rows: Iterable[Row]) -> bytes:
    """A whole table, below a row of headings, for what is small."""
    return _BEGINNING + _lines((columns,)) + _lines(rows)


def _lines(rows: Iterable[Row]) -> bytes:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    for row in rows:
        writer.writerow([inert(str(cell)) for cell in row])
    return sheet.getvalue().encode()
