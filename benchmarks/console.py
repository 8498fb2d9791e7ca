"""The response times of the console with many calls in the records.

    .venv/bin/python -m benchmarks.console [--calls 100000] [--audit 1000000] [--rounds 9]

Makes records of its own with so many calls of the last 180 days (about twenty steps each, half of
them with a bundle request) and so many entries of the audit log, starts the console on them, and
asks for every page several times over HTTP on loopback. Figures are milliseconds until the whole
page is there. Then what takes long is asked for, and the longest time is told for which the event
loop served nobody else.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import os
import platform
import random
import re
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import soundfile
from aiohttp import ClientSession, CookieJar, FormData, web
from rich.console import Console, Group
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert

from ground.sentence import Sentence
from ivr.console.app import make_app
from ivr.console.charts import CHARTS
from ivr.console.health import BackEndProbe
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.console.site import SITE
from ivr.observe.strain import Verdict
from ivr.records import migrations
from ivr.records.audit_tables import AuditEntry
from ivr.records.calling_number import NumberKind
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import BundleRequest, Call, CallStep, RequestCcrn
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from ivr.records.roles import Role
from ivr.settings.service import Settings
from prompts.library import RECORDINGS, load_library

DAYS = 180
AT_ONCE = 2000
IN_PROGRESS = 60
RARE_ENTRIES = 5
PASSWORD = "a secret of the benchmark"
SAID = {
    "welcome.language": "For English, press 3.",
    "login.user_id": "Please key your user I D of 8 digits.",
    "login.pin": "Your telephone PIN, 6 digits.",
    "login.code": "Please press the button on your security token, and key the 6 digits it shows.",
    "main_menu": "Main menu. To bundle cargo and vehicle, press 1.",
    "ccrn": "Please key the customs cargo reference number, then press hash.",
    "ccrn.more": "That cargo can be bundled. For another one, press 2. If that is all, press 1.",
    "vehicle.which": "For AB 1234, press 1. For another vehicle, press 2.",
    "bundle.one_cargo": "Cargo 1234 567 890 123, vehicle AB 1234. If that is right, press 1.",
}
KEYED = {
    "welcome.language": "3",
    "login.user_id": "******678",
    "login.pin": "******",
    "login.code": "******",
    "main_menu": "1",
    "ccrn": "1234567890123",
    "ccrn.more": "1",
    "vehicle.which": "1",
    "bundle.one_cargo": "1",
}
QUESTIONS = tuple(SAID)
OUTCOMES = (
    *(CallOutcome.COMPLETED,) * 14,
    *(CallOutcome.CALLER_HUNG_UP,) * 3,
    *(CallOutcome.HOTLINE, CallOutcome.GAVE_UP_HOTLINE, CallOutcome.LOGIN_REFUSED),
)


class Node:
    """A node at work."""

    lines, active, front_up, draining = 92, IN_PROGRESS, True, False
    verdict, in_real_time = Verdict(), 2
    cannot_start: Sentence | None = None
    standing_still: tuple[Sentence, ...] = ()
    disk_full = False


def invented(count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]]:
    """Invented calls, oldest first, with their steps and bundle requests; the last ones are in
    progress."""
    dice = random.Random(7)
    newest = now()
    for number in range(count):
        over = number < count - IN_PROGRESS
        at = newest - timedelta(days=DAYS) * (1 - number / count)
        if not over:
            at = newest - timedelta(seconds=(count - number) * 1.5)
        # As `new_call_id` makes them: sorted by time.
        call_id = f"{int(at.timestamp() * 1000):012x}{number:024x}"
        call_id = (
            f"{call_id[:8]}-{call_id[8:12]}-7{call_id[13:16]}-8{call_id[17:20]}-{call_id[20:32]}"
        )
        seconds = dice.uniform(20, 150)
        outcome = dice.choice(OUTCOMES)
        ubr = f"{number:010d}" if outcome is CallOutcome.COMPLETED and over else None
        language = dice.choice(("yue", "yue", "yue", "cmn", "en"))
        call = {
            "call_id": call_id,
            "node": "hk1",
            "worker_pid": 1,
            "worker_slot": number % 23,
            "sip_call_id": f"{number}@carrier",
            "source": "192.0.2.1:5060;udp",
            "caller_kind": NumberKind.KNOWN,
            "caller_e164": f"+85291{number % 1_000_000:06d}",
            "caller_region": "HK",
            "called": "3902",
            "offered_at": at,
            "answered_at": at + timedelta(seconds=0.1),
            "ended_at": at + timedelta(seconds=seconds) if over else None,
            "outcome": outcome if over else None,
            "ended_by": EndedBy.CALLER if over else None,
            "language": language,
            "ubr": ubr,
            "practice": False,
        }
        asked = QUESTIONS[: dice.randrange(2, len(QUESTIONS))] if ubr is None else QUESTIONS
        steps: list[dict[str, Any]] = [
            {
                "call_id": call_id,
                "sequence": 2 * place + answer,
                "at": at + timedelta(seconds=place * 3),
                "kind": "answered" if answer else "asked",
                "name": name,
                "text": "" if answer else SAID[name],
                "value": KEYED[name] if answer else "",
                "mode": "key" if answer else "",
                "attempt": 1,
                "ms": 0 if answer else 2500,
                "language": language,
                "detail": {},
            }
            for place, name in enumerate(asked)
            for answer in (0, 1)
        ]
        request = {
            "idempotency_key": f"key-{number}",
            "call_id": call_id,
            "node": "hk1",
            "worker_pid": 1,
            "operation": "bundle",
            "driver_user_id": f"{number % 20_000:08d}",
            "ccrns": [f"{number:013d}"],
            "vehicle": f"AB{number % 9999}",
            "state": BundleRequestState.CONFIRMED,
            "attempts": 1,
            "sent_at": at,
            "last_sent_at": at,
            "ubr": ubr,
        }
        yield call, steps, request if ubr else {}


async def fill(records: Database, count: int) -> None:
    """Write the calls, and count them as the housekeeping would have."""
    batch: list[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = []

    async def write() -> None:
        requests = [request for _, _, request in batch if request]
        async with records.writing() as session:
            await session.execute(insert(Call), [call for call, _, _ in batch])
            await session.execute(
                insert(CallStep), [step for _, steps, _ in batch for step in steps]
            )
            if requests:
                await session.execute(insert(BundleRequest), requests)
                await session.execute(
                    insert(RequestCcrn),
                    [
                        {"ccrn": request["ccrns"][0], "idempotency_key": request["idempotency_key"]}
                        for request in requests
                    ],
                )
        batch.clear()

    for invented_call in track(
        invented(count), description="Writing calls", total=count, transient=True
    ):
        batch.append(invented_call)
        if len(batch) == AT_ONCE:
            await write()
    if batch:
        await write()


async def fill_audit(records: Database, count: int) -> None:
    """Write entries of the audit log, those of a person who did little among the oldest. Their
    hashes are none: nobody checks them here."""
    first = now() - timedelta(days=DAYS)
    for begins in track(
        range(0, count, AT_ONCE), description="Writing the audit log", transient=True
    ):
        rows = [
            {
                "at": first + timedelta(days=DAYS) * number / count,
                "who": "seldom" if number < RARE_ENTRIES else f"person{number % 40}",
                "action": "call looked at",
                "subject": f"call {number}",
                "detail": {"address": "192.0.2.7"},
                "previous": "",
                "hash": f"{number:064x}",
            }
            for number in range(begins, min(begins + AT_ONCE, count))
        ]
        async with records.writing() as session:
            await session.execute(insert(AuditEntry), rows)


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


class Heartbeat:
    """Somebody whom the event loop serves all the time.

    Attributes:
        longest_ms: the longest that they had to wait.
    """

    EVERY_S = 0.002

    async def __aenter__(self) -> Heartbeat:
        self.longest_ms = 0.0
        self._beating = asyncio.ensure_future(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(self.EVERY_S)
            waited_ms = (time.monotonic() - began - self.EVERY_S) * 1000
            self.longest_ms = max(self.longest_ms, waited_ms)


def a_set() -> bytes:
    """A returned set of forty recordings, packed by bzip2."""
    file = io.BytesIO()
    recordings = sorted((RECORDINGS / "en").glob("*.flac"))[:40]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        for recording in recordings:
            samples, rate = soundfile.read(recording)
            wav = io.BytesIO()
            soundfile.write(wav, samples, rate, format="WAV", subtype="PCM_16")
            archive.writestr(f"{recording.stem}.wav", wav.getvalue())
    return file.getvalue()


async def held(session: ClientSession, days: Sequence[date]) -> Table:
    """How long the event loop serves nobody else while something large is asked for."""
    span = f"from={min(days)}&to={max(days)}"
    async with session.get("/me") as page:
        found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
    assert found is not None
    csrf, packed = found[1], a_set()
    gc.freeze()  # as the supervisor does before it forks the console

    async def got(path: str) -> None:
        async with session.get(path) as answer:
            assert answer.status == 200, (path, answer.status)
            while await answer.content.readany():
                pass

    async def imported() -> None:
        form = FormData({"csrf": csrf})
        form.add_field("set", packed, filename="set.zip")
        async with session.post("/prompts/en/import", data=form) as answer:
            await answer.read()

    async def charts() -> None:
        await asyncio.gather(*(got(f"/figures/{name}.svg?{span}") for name in CHARTS))

    async def sets() -> None:
        await asyncio.gather(*(imported() for _ in range(4)))

    asked = {
        "five charts of 180 days, the first time": charts,
        "five charts of 180 days": charts,
        "figures of 180 days": lambda: got(f"/figures?{span}"),
        "calls.csv, all calls": lambda: got("/calls.csv"),
        "figures.csv of 180 days": lambda: got(f"/figures.csv?{span}"),
        "four sets of 40 recordings at once": sets,
    }
    table = Table("asked for", "took s", "longest wait of others ms")
    for name, ask in asked.items():
        began = time.monotonic()
        async with Heartbeat() as others:
            await ask()
        table.add_row(name, f"{time.monotonic() - began:.1f}", f"{others.longest_ms:.0f}")
    return table


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--audit", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        tables = asyncio.run(measured(asked.calls, asked.audit, asked.rounds, Path(directory)))
    Console(width=100).print(tables)


if __name__ == "__main__":
    main()
