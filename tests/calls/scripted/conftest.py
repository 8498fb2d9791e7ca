"""The service that the scripted calls of this folder go to."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.scripted_service import scripted_service

_RUNNING = pytest.StashKey[ExitStack]()


def pytest_scripted_calls_config(config: pytest.Config) -> Path:
    running = config.stash[_RUNNING] = ExitStack()
    return running.enter_context(scripted_service(workers=2)).config


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _RUNNING in session.config.stash:
        session.config.stash[_RUNNING].close()
