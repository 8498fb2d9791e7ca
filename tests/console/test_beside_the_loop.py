"""What takes a processor for long is done beside the event loop, which answers everybody else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from ivr.console import insight_of_days
from ivr.console.pages import audit_log, calls, figures
from ivr.records import tallies
from ivr.records.call_rows import CallPage
from ivr.records.call_search import CallFilter, CallSearch
from ivr.records.measures import Measure
from ivr.records.roles import Role
from ivr.records.tally_tables import TallySum
from ivr.studio import importing
from ivr.studio.clips import Studio
from tests.console.conftest import Console, a_recording
from tests.console.test_door import browser
from tests.console.test_uploads import sent, zipped
from tests.support.pace import limit
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

DAY = date(2026, 11, 2)


class Watched:
    """Notes in which threads functions run, and what is done in another process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
        self._patch = monkeypatch
        self.ran: dict[str, set[int]] = {}
        self.elsewhere: list[str] = []
        beside = console.site.beside
        run = beside.run_while

        async def noted(wanted: Any, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
            done = await run(wanted, work, *given, **named)
            self.elsewhere.append(work.__name__)
            return done

        monkeypatch.setattr(beside, "run_while", noted)

    def watch(self, owner: Any, name: str) -> None:
        done: Callable[..., Any] = getattr(owner, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            self.ran.setdefault(name, set()).add(threading.get_ident())
            return done(*args, **kwargs)

        self._patch.setattr(owner, name, noted)


async def test_what_takes_long_is_done_beside_the_event_loop(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own what works in Python: charts, recordings. In a thread what leaves the
    interpreter's lock alone, four sets at once of zips that unpack slowly, or takes a moment."""
    watched = Watched(monkeypatch, console)
    for owner, name in ((insight_of_days, "insight"), (Studio, "_read"), (importing, "_content")):
        watched.watch(owner, name)
    a_set = zipped({f"100{n}.wav": a_recording() for n in range(1, 4)}, zipfile.ZIP_BZIP2)

    async def sets() -> None:
        async with browser(console, Role.OPERATOR) as session:
            status, page = await sent(session, "/prompts/en/import", "set", a_set, "set.zip")
            assert status == 200
            assert "could not be measured" not in page

    async with browser(console, Role.VIEWER) as session:
        async with session.get("/figures/outcomes.svg") as picture:
            assert picture.status == 200
            assert "Calls a day" in await picture.text()
        chinese = {"Accept-Language": "zh-HK"}
        async with session.get("/figures/outcomes.svg", headers=chinese) as picture:
            assert "每日通話" in await picture.text()
    await asyncio.gather(*(sets() for _ in range(4)))
    assert watched.elsewhere.count("drawn") == 2
    assert watched.elsewhere.count("from_file") == 12
    assert set(watched.ran) == {"insight", "_read", "_content"}
    here = threading.get_ident()
    assert [name for name, threads in watched.ran.items() if here in threads] == []


async def test_the_first_chart_waits_for_nothing_that_draws_none() -> None:
    """The web and the database take a second to load; the process that draws needs neither."""
    code = "import sys, ivr.console.charts as c; c.load(); print(*sys.modules)"
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(limit(60)):
        written, _ = await started.communicate()
    loaded = set(written.decode().split())
    assert "pygal" in loaded
    assert not loaded & {"aiohttp", "sqlalchemy", "pydantic", "jinja2", "numpy"}


class Steps:
    """Counts what a function does in one step of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.longest = self.whole = 0
        self._now = 0
        done: Callable[..., Any] = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self._now += 1
            self.whole += 1
            self.longest = max(self.longest, self._now)
            return done(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)
        self._beating = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        """Somebody else whom the loop serves."""
        while True:
            self._now = 0
            await asyncio.sleep(0)

    def end(self) -> None:
        self._beating.cancel()


async def test_tables_are_written_beside_the_event_loop_some_rows_at_a_time(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(17):
        await past_call(console.book)
    await console.site.tallies.count(DAY)
    read: list[int] = []
    find = CallSearch.rows

    async def noted(search: CallSearch, wanted: CallFilter, limit: int) -> CallPage:
        found = await find(search, wanted, limit)
        read.append(len(found.calls))
        return found

    monkeypatch.setattr(CallSearch, "rows", noted)
    monkeypatch.setattr(calls, "AT_ONCE", 7)
    watched = Watched(monkeypatch, console)
    for owner, name in ((calls, "_cells"), (audit_log, "_row_of"), (figures, "row_of")):
        watched.watch(owner, name)
    async with browser(console, Role.ADMINISTRATOR) as session:
        for path in ("/calls.csv", "/audit.csv", f"/figures.csv?from={DAY}&to={DAY}"):
            async with session.get(path) as answer:
                assert len((await answer.text()).splitlines()) > 1, path
    assert read == [7, 7, 3, 0]
    assert set(watched.ran) == {"_cells", "_row_of", "row_of"}
    assert not any(threading.get_ident() in threads for threads in watched.ran.values())


async def test_a_year_of_counts_is_read_in_short_steps(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = 120
    rows = [
        {
            "day": DAY - timedelta(days=back),
            "measure": Measure.HOUR_CALLS.value,
            "name": f"{hour:02d}",
            "count": 1.0,
        }
        for back in range(days)
        for hour in range(24)
    ]
    async with console.site.records.writing() as session:
        await session.execute(insert(TallySum), rows)
    read = Steps(monkeypatch, tallies, "Counted")
    counts = await console.site.tallies.read(DAY - timedelta(days=days), DAY)
    read.end()
    assert len(counts) == read.whole == days * 24
    assert read.longest <= tallies.ROWS_AT_ONCE
