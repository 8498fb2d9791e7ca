"""How long the pages of a console take that has records of months."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from aiohttp import ClientSession, CookieJar, web
from sqlalchemy import func, select

from benchmarks.support.invented_calls import DAYS, IN_PROGRESS, fill, fill_audit
from benchmarks.support.long_requests import held
from benchmarks.support.page_times import ConsoleTimes, PageTimes
from ground.sentence import Sentence
from ivr.console.app import make_app
from ivr.console.health import BackEndProbe
from ivr.console.rendering import ENTRIES
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.console.site import SITE, Site
from ivr.observe.strain import Verdict
from ivr.records import migrations
from ivr.records.audit_tables import AuditEntry
from ivr.records.hong_kong import hong_kong_day
from ivr.records.models import Call
from ivr.records.roles import Role
from ivr.settings.service import Settings
from prompts.library import load_library

NAME, PASSWORD = "chan", "a secret of the benchmark"


class Node:
    """A node at work."""

    lines, active, front_up, draining = 92, IN_PROGRESS, True, False
    verdict, in_real_time = Verdict(), 2
    cannot_start: Sentence | None = None
    standing_still: tuple[Sentence, ...] = ()
    disk_full = False


async def a_console(directory: Path, database_url: str = "") -> web.Application:
    """A console whose data are in this directory, and whose records, if the URL is empty."""
    settings = Settings.model_validate(
        {
            "node": {"name": "hk1", "data": str(directory)},
            "records": {"database_url": database_url},
        }
    )
    await asyncio.to_thread(migrations.upgrade, settings.records_url)
    return make_app(
        Node(),
        BackEndProbe("http://127.0.0.1:9/"),
        SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1"),
        ("yue", "cmn", "en"),
        settings=settings,
        library=load_library(),
    )


async def measured(
    count: int, entries: int, rounds: int, directory: Path, database_url: str = ""
) -> ConsoleTimes:
    """Fill the records unless they are full, and ask for every page `rounds` times."""
    app = await a_console(directory, database_url)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        days, a_day_ms = await _filled(app[SITE], count, entries)
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as session:
            await session.post("/login", data={"name": NAME, "password": PASSWORD})
            newest = (await app[SITE].search.in_progress())[0].call.call_id
            asked = _pages(count, entries, days) | {"one call": f"/calls/{newest}"}
            missing = {entry.path for entry in app[ENTRIES]} - set(asked.values())
            assert not missing, f"pages of the navigation that are not measured: {missing}"
            pages = [await _took(session, name, path, rounds) for name, path in asked.items()]
            long_requests = await held(session, days)
    finally:
        await runner.cleanup()
    kept_in = "PostgreSQL" if database_url else "SQLite"
    records = f"{count:,} calls, {entries:,} entries of the audit log in {kept_in}"
    return ConsoleTimes(records, pages, long_requests, a_day_ms)


async def _filled(site: Site, count: int, entries: int) -> tuple[list[date], float]:
    """The days that have calls, and how long one of them takes to be counted, ms."""
    async with site.records.reading() as session:
        full = await session.scalar(select(func.max(AuditEntry.entry_id)))
        oldest = await session.scalar(select(func.min(Call.offered_at)))
    if not full or oldest is None:
        await fill(site.records, count)
        await fill_audit(site.records, entries)
        await site.people.accounts.add("benchmark", NAME, "Chan", Role.ADMINISTRATOR, PASSWORD)
        days = await site.tallies.due()
    else:
        days = [hong_kong_day(oldest) + timedelta(n) for n in range(DAYS)]
    began = time.monotonic()
    for day in days:
        await site.tallies.count(day)
    return days, (time.monotonic() - began) * 1000 / len(days)


def _pages(count: int, entries: int, days: Sequence[date]) -> dict[str, str]:
    """Every page of the navigation, and what is looked for most or costs most."""
    middle, half_year = count // 2, f"from={min(days)}&to={max(days)}"
    first, last = days[len(days) // 2], days[len(days) // 2 + 7]
    return {
        "calls in progress": "/live",
        "their update": "/live/now",
        "newest calls": "/calls",
        "calls of one number": f"/calls?caller=%2B85291{middle:06d}",
        "end of a number": f"/calls?caller={middle % 10_000:04d}",
        "end of a number nobody has": "/calls?caller=99999999",
        "by driver": f"/calls?driver={middle % 20_000:08d}",
        "by CCRN": f"/calls?ccrn={middle:013d}",
        "by vehicle": f"/calls?vehicle=AB{middle % 9999}",
        "by UBR": f"/calls?ubr={middle:010d}",
        "by a rare outcome": "/calls?outcome=no_rtp",
        "by outcome and language": "/calls?outcome=hotline&language=en",
        "calls of a week long ago": f"/calls?from={first}&to={last}",
        "a rare outcome in half a year": f"/calls?outcome=no_rtp&{half_year}",
        "figures of 14 days": "/figures",
        "figures of 180 days": f"/figures?{half_year}",
        "those of one language": f"/figures?{half_year}&language=en",
        "a chart of 180 days": f"/figures/outcomes.svg?{half_year}",
        "prompts": "/prompts",
        "prompts of a language": "/prompts/yue",
        "one prompt": "/prompts/yue/1001",
        "drafts that wait": "/prompts/waiting",
        "the artist's script": "/prompts/cmn/script",
        "announcements": "/announcements",
        "health": "/wellbeing",
        "alerts": "/alerts",
        "people": "/people",
        "sessions of one": f"/people/{NAME}/sessions",
        "tokens": "/tokens",
        "own account": "/me",
        "audit": "/audit",
        "audit, from its middle": f"/audit?before={entries // 2}",
        "audit, of one person": "/audit?who=person7",
        "audit, of one who did little": "/audit?who=seldom",
    }


async def _took(session: ClientSession, name: str, path: str, rounds: int) -> PageTimes:
    took, processor, size = [], [], 0
    for _ in range(rounds):
        began, busy = time.monotonic(), time.process_time()
        async with session.get(path) as answer:
            size = len(await answer.read())
            assert answer.status == 200, (path, answer.status)
        took.append((time.monotonic() - began) * 1000)
        processor.append((time.process_time() - busy) * 1000)
    return PageTimes(name, took, processor, size / 1000)
