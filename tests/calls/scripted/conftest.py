"""The service that the scripted calls of this folder go to."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from service import Service

_SERVICE = pytest.StashKey[tuple[Service, tempfile.TemporaryDirectory[str]]]()


def pytest_scripted_calls_config(config: pytest.Config) -> Path:
    directory = tempfile.TemporaryDirectory(prefix="scripted-")
    service = Service(
        Path(directory.name),
        {
            "pool": {"workers": 2},
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
        directory.cleanup()
