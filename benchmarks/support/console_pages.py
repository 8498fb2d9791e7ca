"""How long the pages of a console take that has records of months."""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import time
from pathlib import Path

from aiohttp import ClientSession, CookieJar, web
from rich.console import Group
from rich.table import Table

from benchmarks.support.invented_calls import IN_PROGRESS, fill, fill_audit
from benchmarks.support.long_requests import held
from ground.sentence import Sentence
from ivr.console.app import make_app
from ivr.console.health import BackEndProbe
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.console.site import SITE
from ivr.observe.strain import Verdict
from ivr.records import migrations
from ivr.records.roles import Role
from ivr.settings.service import Settings
from prompts.library import load_library

PASSWORD = "a secret of the benchmark"


class Node:
    """A node at work."""

    lines, active, front_up, draining = 92, IN_PROGRESS, True, False
    verdict, in_real_time = Verdict(), 2
    cannot_start: Sentence | None = None
    standing_still: tuple[Sentence, ...] = ()
    disk_full = False


async def a_console(directory: Path) -> web.Application:
    """A console with empty records of its own in this directory."""
    settings = Settings.model_validate({"node": {"name": "hk1", "data": str(directory)}})
    await asyncio.to_thread(migrations.upgrade, settings.records_url)
    return make_app(
        Node(),
        BackEndProbe("http://127.0.0.1:9/"),
        SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1"),
        ("yue", "cmn", "en"),
        settings=settings,
        library=load_library(),
    )


async def measured(count: int, entries: int, rounds: int, directory: Path) -> Group:
    app = await a_console(directory)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site = app[SITE]
    await fill(site.records, count)
    await fill_audit(site.records, entries)
    began = time.monotonic()
    days = await site.tallies.due()
    for day in days:
        await site.tallies.count(day)
    a_day_ms = (time.monotonic() - began) * 1000 / len(days)
    await site.people.accounts.add("benchmark", "chan", "Chan", Role.ADMINISTRATOR, PASSWORD)

    middle = count // 2
    pages = {
        "calls in progress": "/live",
        "their update": "/live/now",
        "newest calls": "/calls",
        "calls of one number": f"/calls?caller=%2B85291{middle:06d}",
        "end of a number": f"/calls?caller={middle % 10_000:04d}",
        "by CCRN": f"/calls?ccrn={middle:013d}",
        "by vehicle": f"/calls?vehicle=AB{middle % 9999}",
        "by UBR": f"/calls?ubr={middle:010d}",
        "by a rare outcome": "/calls?outcome=no_rtp",
        "by outcome and language": "/calls?outcome=hotline&language=en",
        "figures of 14 days": "/figures",
        "figures of 180 days": f"/figures?from={min(days)}&to={max(days)}",
        "a chart of 180 days": f"/figures/outcomes.svg?from={min(days)}&to={max(days)}",
        "prompts": "/prompts",
        "prompts of a language": "/prompts/yue",
        "one prompt": "/prompts/yue/1001",
        "health": "/wellbeing",
        "audit": "/audit",
        "audit, from its middle": f"/audit?before={entries // 2}",
        "audit, of one person": "/audit?who=person7",
        "audit, of one who did little": "/audit?who=seldom",
        "alerts": "/alerts",
    }
    table = Table(
        "page",
        "first",
        "median",
        "slowest",
        "kB",
        title=f"{count:,} calls, {entries:,} entries of the audit log; {platform.machine()}, "
        f"{os.cpu_count()} cores; ms",
    )
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as session:
        await session.post("/login", data={"name": "chan", "password": PASSWORD})
        newest = (await site.search.in_progress())[0].call.call_id
        for name, path in (pages | {"one call": f"/calls/{newest}"}).items():
            took, size = [], 0
            for _ in range(rounds):
                began = time.monotonic()
                async with session.get(path) as answer:
                    size = len(await answer.read())
                    assert answer.status == 200, (path, answer.status)
                took.append((time.monotonic() - began) * 1000)
            table.add_row(
                name,
                f"{took[0]:.0f}",
                f"{statistics.median(took[1:]):.0f}",
                f"{max(took[1:]):.0f}",
                f"{size / 1000:.0f}",
            )
        waits = await held(session, days)
    table.caption = f"counting one day anew: {a_day_ms:.0f} ms"
    await runner.cleanup()
    return Group(table, waits)
