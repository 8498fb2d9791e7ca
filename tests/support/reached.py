"""The service under trial, and what it noted of a call."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.pace import limit
from tests.support.service import Service


@dataclass(frozen=True)
class Reached:
    """The service, and how it is reached.

    Attributes:
        tls_port: TCP port of SIP over TLS.
        authority: PEM file of who vouches for its certificate.
    """

    service: Service
    tls_port: int
    authority: Path

    def uri(self, transport: str) -> str:
        port = self.tls_port if transport == "tls" else self.service.sip_port
        return f"sip:3902@127.0.0.1:{port};transport={transport}"

    def last_call(self, since: int) -> tuple[str, str, str, int]:
        """Source, caller, who ended it and number of keys of the one call after so many."""
        deadline = time.monotonic() + limit(10)
        while True:
            found = self.service.query(
                "SELECT source, caller_e164, ended_by, keys FROM calls WHERE ended_at IS NOT NULL "
                "ORDER BY offered_at"
            )
            if len(found) == since + 1:
                source, caller, ended_by, keys = found[-1]
                return str(source), str(caller), str(ended_by), int(keys)
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    @property
    def calls(self) -> int:
        ((count,),) = self.service.query("SELECT count(*) FROM calls WHERE ended_at IS NOT NULL")
        return int(count)
