"""A file in the body of a request: taken as it comes, up to a limit."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

from aiohttp import web

from rocars.refusals import Code, Problem

_CHUNK = 65_536
_IN_MEMORY = 262_144
"""Bytes that are no matter for a disk: a message of a hundred orders has less."""


@asynccontextmanager
async def uploaded(request: web.Request, largest: int) -> AsyncIterator[BinaryIO]:
    """The body as a file that is gone afterwards: a small one in memory. Raises Problem
    TOO_LARGE."""
    if (request.content_length or 0) > largest:
        raise Problem(Code.TOO_LARGE)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, prefix="rocars-batch-") as file:
        size = 0
        async for chunk in request.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > largest:
                raise Problem(Code.TOO_LARGE)
            if size > _IN_MEMORY:
                await asyncio.to_thread(file.write, chunk)
            else:
                file.write(chunk)
        file.seek(0)
        yield cast(BinaryIO, file)
