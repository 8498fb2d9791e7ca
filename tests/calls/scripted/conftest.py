"""The service that the scripted calls of this folder go to."""

from __future__ import annotations

import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.service import Service

_SERVICE = pytest.StashKey[tuple[Service, tempfile.TemporaryDirectory[str]]]()
_GATEWAY = pytest.StashKey[ThreadingHTTPServer]()


class _TextMessages(BaseHTTPRequestHandler):
    """A gateway that takes every message; what is in one, `test_text_message_calls.py` looks at."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def pytest_scripted_calls_config(config: pytest.Config) -> Path:
    directory = tempfile.TemporaryDirectory(prefix="scripted-")
    gateway = config.stash[_GATEWAY] = ThreadingHTTPServer(("127.0.0.1", 0), _TextMessages)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    service = Service(
        Path(directory.name),
        {
            "pool": {"workers": 2},
            "sms": {"url": f"http://127.0.0.1:{gateway.server_port}/messages"},
            "flows": {"hotline_transfer_uri": "sip:36690000@192.0.2.7"},
        },
    )
    service.start()
    config.stash[_SERVICE] = service, directory
    return service.config


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _SERVICE in session.config.stash:
        service, directory = session.config.stash[_SERVICE]
        service.stop()
        session.config.stash[_GATEWAY].shutdown()
        directory.cleanup()
