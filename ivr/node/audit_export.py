"""Sends the audit log to a syslog that users of the console cannot change (RFC 5424)."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import socket
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import structlog

from ivr.records import audit
from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database

log = structlog.get_logger("ivr.node.audit_export")

LOG_AUDIT, NOTICE = 13, 5
PATIENCE_S = 10.0
AT_ONCE = 500


class NotSent(Exception):
    """The syslog did not take the entry; it is sent again later."""


class AuditExport:
    """Sends every entry once, in order, and keeps its position in a file.

    Over TCP (octet counting, RFC 6587, 3.4.1) an entry is sent again when its delivery is in doubt.
    Datagrams may be lost on the way; they are for a syslog on the same machine or network.
    """

    def __init__(self, records: Database, target: str, remembered: Path) -> None:
        self._records = records
        self._target = target
        self._remembered = remembered

    async def send_new(self) -> int:
        """Send the new entries; returns how many. Raises NotSent, RecordsUnavailable."""
        sent = 0
        while entries := await audit.following(self._records, self._last(), AT_ONCE):
            lines = [as_syslog(entry) for entry in entries]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._send(lines)
            except (OSError, TimeoutError) as failure:
                raise NotSent(f"{self._target} does not take the audit log: {failure}") from failure
            self._remember(entries[-1].entry_id)
            sent += len(entries)
        return sent

    def _last(self) -> int:
        try:
            return int(self._remembered.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0

    def _remember(self, entry_id: int) -> None:
        new = self._remembered.with_suffix(".new")
        new.write_text(str(entry_id), encoding="ascii")
        os.replace(new, self._remembered)

    async def _send(self, lines: Sequence[bytes]) -> None:
        way, _, rest = self._target.partition(":")
        if way == "tcp":
            host, _, port = rest.strip("/").rpartition(":")
            _, writer = await asyncio.open_connection(host, int(port))
            try:
                for line in lines:
                    writer.write(b"%d %s" % (len(line), line))
                await writer.drain()
                writer.write_eof()
                writer.close()
                await writer.wait_closed()
            finally:
                writer.transport.abort()  # give up on a peer that reads no more
        else:
            await asyncio.to_thread(self._send_datagrams, way, rest, lines)

    @staticmethod
    def _send_datagrams(way: str, rest: str, lines: Sequence[bytes]) -> None:
        if way == "unix":
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
                datagrams.settimeout(PATIENCE_S)  # a stuck syslog must not block us
                datagrams.connect(rest)
                for line in lines:
                    datagrams.send(line)
            return
        host, _, port = rest.strip("/").rpartition(":")
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as datagrams:
            for line in lines:
                datagrams.sendto(line, address)


def as_syslog(entry: AuditEntry) -> bytes:
    """One entry, its hash included, as RFC 5424; the message is JSON."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    fields = {
        "entry": entry.entry_id,
        "who": entry.who,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous": entry.previous,
        "hash": entry.hash,
    }
    head = f"<{LOG_AUDIT * 8 + NOTICE}>1 {at} {platform.node() or '-'} rocars-ivr - audit -"
    return f"{head} {json.dumps(fields, ensure_ascii=True)}".encode()
