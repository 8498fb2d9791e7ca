"""The service that scripted calls go to, with a gateway for text messages and a hotline."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.service import Service

RECORDING_CALLER = "+85261110000"
"""Admitted to the recording line."""


class _TextMessages(BaseHTTPRequestHandler):
    """A gateway that takes every message; what is in one, `test_text_message_calls.py` looks at."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def scripted_service(workers: int) -> Iterator[Service]:
    """The service and the gateway beside it, until the end of the context."""
    with (
        tempfile.TemporaryDirectory(prefix="scripted-") as directory,
        ThreadingHTTPServer(("127.0.0.1", 0), _TextMessages) as gateway,
    ):
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        service = Service(
            Path(directory),
            {
                "pool": {"workers": workers},
                "sms": {"url": f"http://127.0.0.1:{gateway.server_port}/messages"},
                "flows": {
                    "hotline_transfer_uri": "sip:36690000@192.0.2.7",
                    "recording_callers": [RECORDING_CALLER],
                },
            },
        )
        service.start()
        try:
            yield service
        finally:
            service.stop()
            gateway.shutdown()
