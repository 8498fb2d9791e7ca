"""What takes a processor for long is done beside the event loop, which answers everybody else."""

from __future__ import annotations

import asyncio
import threading
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ivr.console.pages import figures
from ivr.records.roles import Role
from ivr.studio import importing
from ivr.studio.clips import Studio
from tests.console.conftest import Console, a_recording
from tests.console.test_door import browser
from tests.console.test_uploads import sent, zipped

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]


class Watched:
    """Notes in which threads functions run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.ran: dict[str, set[int]] = {}

    def watch(self, owner: Any, name: str) -> None:
        done: Callable[..., Any] = getattr(owner, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            self.ran.setdefault(name, set()).add(threading.get_ident())
            return done(*args, **kwargs)

        self._patch.setattr(owner, name, noted)


async def test_what_takes_long_is_done_beside_the_event_loop(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charts, the flows behind "used in", and four sets at once of zips that unpack slowly."""
    watched = Watched(monkeypatch)
    for owner, name in (
        *((figures, "drawn"), (figures, "insight"), (Studio, "_read")),
        (importing, "_content"),
    ):
        watched.watch(owner, name)
    a_set = zipped({f"100{n}.wav": a_recording() for n in range(1, 4)}, zipfile.ZIP_BZIP2)

    async def sets() -> None:
        async with browser(console, Role.OPERATOR) as session:
            status, _ = await sent(session, "/prompts/en/import", "set", a_set, "set.zip")
            assert status == 200

    async with (
        browser(console, Role.VIEWER) as session,
        session.get("/figures/outcomes.svg") as picture,
    ):
        assert picture.status == 200
    await asyncio.gather(*(sets() for _ in range(4)))
    assert set(watched.ran) == {"drawn", "insight", "_read", "_content"}
    here = threading.get_ident()
    assert [name for name, threads in watched.ran.items() if here in threads] == []
