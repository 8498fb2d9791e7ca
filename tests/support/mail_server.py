"""A mail server that takes letters, for tests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def mail_server(refuses: int = 0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """As much of SMTP (RFC 5321) as a letter needs: its port, and what was delivered.

    It has no room for the first `refuses` letters.
    """
    tries = itertools.count()
    letters: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                letter = await reader.readuntil(b"\r\n.\r\n")
                if next(tries) < refuses:
                    writer.write(b"452 no room\r\n")
                    continue
                letters.append(letter)
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], letters
