"""The console and real calls at the same time: seen, steered, and heard to change."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from playwright.async_api import Browser

from ground.web.lockout import LockoutRule
from ivr.records import audit
from ivr.records.database import Database
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.records.roles import Role
from ivr.telephony.errors import CallRefused
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.telephone import Telephone
from prompts import announcements
from prompts.library import RECORDINGS
from tests.console.conftest import NAMES, PASSWORDS, Visit, a_recording, chromium
from tests.support.pace import limit
from tests.support.service import Service

__all__ = ["chromium"]

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

OPERATOR_ID, PIN = "2468", "135792"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("console"),
        {
            "pool": {"workers": 1},
            "console": {"logins_per_minute": 100},
            "flows": {"recording_peers": ["loopback"]},
        },
    )
    service.start()
    for role in (Role.OPERATOR, Role.REVIEWER, Role.ADMINISTRATOR):
        people(service, "add", NAMES[role], "--role", role, secret=PASSWORDS[role])
    people(service, "phone", NAMES[Role.OPERATOR], OPERATOR_ID, secret=PIN)
    yield service
    service.stop()


def people(service: Service, *words: str, secret: str) -> None:
    """As the one who runs the machine does it."""
    subprocess.run(
        [
            *(sys.executable, "-m", "ivr.cli", "people", *words),
            *("--stdin", "--config", str(service.config)),
        ],
        input=secret + "\n",
        text=True,
        check=True,
        capture_output=True,
        timeout=limit(30),
    )


@dataclass
class InCall:
    """A caller in the middle of a call."""

    service: Service
    dialled: OutgoingCall
    recording: Path
    seen: int = 0
    steps: list[str] = field(default_factory=list)

    async def until(self, name: str, seconds: float = 30.0) -> None:
        """Until the service has said or asked this, after what was waited for before."""
        deadline = time.monotonic() + limit(seconds)
        while True:
            self.steps = [
                f"{kind} {what}"
                for kind, what in self.service.query(
                    "SELECT s.kind, s.name FROM steps s JOIN calls c USING (call_id) "
                    "WHERE c.sip_call_id = ? ORDER BY s.sequence",
                    self.dialled.sip_call_id,
                )
            ]
            for at, step in enumerate(self.steps[self.seen :], start=self.seen):
                if name in step.split()[-1].split("+") or name == step:
                    self.seen = at + 1
                    return
            assert time.monotonic() < deadline, f"no {name} in {self.steps}"
            await asyncio.sleep(0.1)

    async def cdr(self) -> tuple[Any, ...]:
        """Outcome and who ended it, once it is over."""
        await asyncio.to_thread(self.service.until_idle)
        ((outcome, ended_by),) = self.service.query(
            "SELECT outcome, ended_by FROM calls WHERE sip_call_id = ?", self.dialled.sip_call_id
        )
        return outcome, ended_by


Dial = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def dial(service: Service, telephone: Telephone, tmp_path: Path) -> AsyncIterator[Dial]:
    placed: list[OutgoingCall] = []

    @asynccontextmanager
    async def placing(to: str = "3902") -> AsyncIterator[InCall]:
        uri = service.uri.replace("3902", to)
        dialled = await telephone.dial(uri, from_user="+85291234567")
        placed.append(dialled)
        line = await dialled.answered()
        recording = tmp_path / f"heard{len(placed)}.wav"
        recorded = line.record_both_sides(recording)
        yield InCall(service, dialled, recording)
        await dialled.hang_up()
        await recorded.closed()

    yield placing
    for dialled in placed:
        await dialled.hang_up()
    await asyncio.to_thread(service.until_idle)


@asynccontextmanager
async def visit(chromium: Browser, service: Service, role: Role) -> AsyncIterator[Visit]:
    context = await chromium.new_context()
    somebody = Visit(await context.new_page(), f"http://127.0.0.1:{service.web_port}")
    await somebody.log_in(NAMES[role], PASSWORDS[role])
    yield somebody
    assert somebody.complaints == []
    await context.close()


async def test_a_call_appears_advances_and_is_ended(
    service: Service, chromium: Browser, dial: Dial
) -> None:
    async with visit(chromium, service, Role.OPERATOR) as operator:
        await operator.page.get_by_text("Nobody is calling.").wait_for()
        async with dial() as call:
            row = operator.page.locator("tr[data-call]")
            await row.wait_for(timeout=limit(5) * 1000)
            await call.dialled.press("3")
            await row.get_by_text("login.user_id").wait_for(timeout=limit(15) * 1000)
            await row.get_by_text("English").wait_for(timeout=limit(5) * 1000)
            assert "******4567" in await row.inner_text()
            await row.get_by_role("button", name="End").click()
            assert "being ended" in await operator.notice()
            await call.until("sorry.closing")
            assert await call.cdr() == ("ended_by_operator", "service")
        await operator.page.get_by_text("Nobody is calling.").wait_for(timeout=limit(5) * 1000)


async def test_a_caller_is_passed_on(service: Service, chromium: Browser, dial: Dial) -> None:
    async with visit(chromium, service, Role.OPERATOR) as operator, dial() as call:
        await call.dialled.press("3")
        await call.until("answered welcome.language")
        row = operator.page.locator("tr[data-call]")
        await row.get_by_role("button", name="To the hotline").click()
        await call.until("hotline.advice")  # no transfer is configured: the number is read
        await call.dialled.hang_up()
        assert (await call.cdr())[0] == "hotline"


async def test_the_next_sentence_of_a_call_is_the_new_recording(
    service: Service, chromium: Browser, dial: Dial
) -> None:
    """Uploaded, reviewed and activated in the browser while somebody is in the middle of a call."""
    other = "universal.too_short"  # what cannot be mistaken for the shipped recording
    async with (
        visit(chromium, service, Role.OPERATOR) as operator,
        visit(chromium, service, Role.REVIEWER) as reviewer,
        dial() as call,
    ):
        await call.dialled.press("3")
        await call.until("answered welcome.language")
        number = await number_of(service, "universal.cleared")
        await operator.go(f"/prompts/en/{number}")
        await operator.page.get_by_label("or a file").set_input_files(
            {"name": "new.wav", "mimeType": "audio/wav", "buffer": a_recording(other)}
        )
        await operator.press("Send")
        assert "Taken as version" in await operator.notice()
        await reviewer.go(f"/prompts/en/{number}")
        await reviewer.press("I have heard it")
        await reviewer.press("Make live")
        assert ": live." in await reviewer.notice()
        await call.dialled.press("12*#")  # the caller clears the input, and hears the new recording
        await asyncio.sleep(4)
        await call.dialled.hang_up()
        await reviewer.press("Roll back")
        assert "heard again" in await reviewer.notice()
    new, old = likeness(call.recording, other), likeness(call.recording, "universal.cleared")
    assert new > 0.65
    assert new > old + 0.1, "what was played before"


async def test_a_prompt_is_recorded_by_telephone(service: Service, dial: Dial) -> None:
    clip = "goodbye.plain"
    number = await number_of(service, clip)
    spoken, _ = soundfile.read(RECORDINGS / "en" / f"{clip}.flac", dtype="int16")
    speech = bytes(8000) + (spoken * 0.5).astype("<i2").tobytes() + bytes(4800)
    async with dial("3904") as call:
        await call.dialled.press(f"3{OPERATOR_ID}#{PIN}#9999#")
        await call.until("nomatch recording.number")
        await call.dialled.press(f"{number}#")
        await call.until("recording.begin")
        await asyncio.sleep(0.6)
        await call.dialled.press("#")
        await call.until("recording.nothing")
        await call.until("recording.begin")
        await asyncio.sleep(0.6)
        await call.dialled.line.play(speech).finished()
        await call.dialled.press("#")
        await call.until("recording.choice", seconds=40)
        await call.dialled.press("1")
        await call.until("recording.kept")
        await call.until("recording.number")
        await call.dialled.press("#")
        assert await call.cdr() == ("completed", "service")
    assert likeness(call.recording, clip) > 0.8  # heard back
    (version_id, source, state, by), *_ = service.query(
        "SELECT version_id, source, state, made_by FROM prompt_versions WHERE clip = ?"
        " ORDER BY version_id DESC",
        clip,
    )
    assert (source, state, by) == ("phone", "draft", NAMES[Role.OPERATOR])
    async with records(service) as opened:
        version = await PromptVersions(opened).get(version_id)
    assert version is not None
    kept = service.directory / "kept.flac"
    kept.write_bytes(version.sound)
    assert likeness(kept, clip) > 0.8
    everything = service.log.read_text(errors="replace") + repr(
        service.query("SELECT text, value, detail FROM steps")
    )
    assert PIN not in everything


async def test_guessing_a_pin_by_telephone_locks_the_telephone_alone(
    service: Service, dial: Dial
) -> None:
    async with dial("3904") as call:
        await call.dialled.press("3" + f"{OPERATOR_ID}#111222#" * 3)
        await call.until("goodbye.plain")
        assert (await call.cdr())[0] == "login_refused"
    async with records(service) as opened:
        name = NAMES[Role.OPERATOR]
        failures = [
            entry.detail["by"]
            for entry in await audit.read(opened, who=name)
            if entry.action == "log-in failed"
        ]
        assert failures == ["phone"] * 3
        strict = People(opened, lockout=LockoutRule(free_failures=1))
        assert await strict.log_in(name, PASSWORDS[Role.OPERATOR], "192.0.2.1") is not None


async def test_a_worker_makes_way_and_a_node_closes_and_opens(
    service: Service, chromium: Browser, dial: Dial
) -> None:
    async with visit(chromium, service, Role.OPERATOR) as operator:
        before = service.workers()
        await operator.page.locator("summary").click()
        async with dial() as call:
            await operator.press("Drain and replace")
            assert "fresh one takes its place" in await operator.notice()
            await asyncio.sleep(1.5)
            assert call.dialled.line.ended.done() is False  # the call goes on
        await until(lambda: service.workers() != before and service.ready()["ready"])
        await operator.go("/live")
        await operator.press("Drain: take no new calls")
        await until(lambda: not service.ready()["ready"])
        with pytest.raises(CallRefused) as refused:
            async with dial():
                pass
        assert refused.value.status == 503
        await operator.page.get_by_role("button", name="Take calls again").click(
            timeout=limit(10) * 1000
        )
        await until(lambda: bool(service.ready()["ready"]))
        async with dial() as call:
            await call.until("welcome.language")


async def number_of(service: Service, clip: str) -> int:
    async with records(service) as opened:
        return (await PromptVersions(opened).numbers.of([]))[clip]


@asynccontextmanager
async def records(service: Service) -> AsyncIterator[Database]:
    """The records of the service, as another node would open them."""
    opened = Database(service.settings.records_url, service.settings.records)
    yield opened
    await opened.close()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + limit(seconds)
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


PIECE_S = 0.3


def likeness(recording: Path, clip: str) -> float:
    """How alike the pieces of a recording of the service are to the places most alike to them.

    The median of pieces, since a jitter buffer may drop or repeat a little of the whole.
    """
    samples, rate = soundfile.read(recording, dtype="float64", always_2d=True)
    assert rate == 8000
    known, _ = soundfile.read(RECORDINGS / "en" / f"{clip}.flac", dtype="float64")
    size = int(PIECE_S * rate)
    pieces = [known[at : at + size] for at in range(0, len(known) - size + 1, size)]
    loudest = max(float(piece @ piece) for piece in pieces)
    spoken = [piece for piece in pieces if piece @ piece > 0.1 * loudest]
    return float(np.median([_most_alike(samples[:, 0], piece) for piece in spoken]))


def _most_alike(line: np.ndarray, piece: np.ndarray) -> float:
    """Highest normalised cross-correlation of a piece with the line."""
    size = 1 << (len(line) + len(piece)).bit_length()
    found = np.fft.irfft(np.fft.rfft(line, size) * np.conj(np.fft.rfft(piece, size)))
    power = np.convolve(line**2, np.ones(len(piece)))[len(piece) - 1 : len(line)]
    floor = power.max() * 0.02  # silence is like nothing
    alike = np.abs(found[: len(power)]) / np.sqrt(np.maximum(power, floor) * (piece @ piece))
    return float(alike.max())


ANNOUNCED = {"Cantonese": "服務暫停", "Putonghua": "服务暂停", "English": "Closed today"}


async def test_a_service_is_closed_by_an_announcement_and_opened_again(
    service: Service, chromium: Browser, dial: Dial
) -> None:
    """Typed in the browser, spoken by a machine's voice, heard from the next call on."""
    published = service.settings.published_prompts / announcements.LIST
    async with visit(chromium, service, Role.REVIEWER) as reviewer:
        await reviewer.go("/announcements")
        page = reviewer.page
        await page.get_by_label("Where in the call").select_option("the call ends with it")
        until = datetime.now() + timedelta(days=2)
        await page.get_by_label("Until").fill(f"{until:%Y-%m-%dT%H:%M}")
        for label, words in ANNOUNCED.items():
            await page.get_by_label(f"Words: {label}").fill(words)
        await reviewer.press("Announce")
        assert "Announced." in await reviewer.notice()
        await holds(published, "Closed today")
        async with dial() as call:
            assert await call.cdr() == ("closed", "service")
        await page.get_by_role("button", name="End").click()
        assert "Ended." in await reviewer.notice()
        await holds(published, "Closed today", no_more=True)
        async with dial() as call:
            await call.until("welcome.greeting")
    ((text, ms),) = service.query("SELECT text, ms FROM steps WHERE name LIKE 'announcement.%'")
    assert text == " ".join(ANNOUNCED.values())
    assert ms > 1500


async def holds(published: Path, words: str, *, no_more: bool = False) -> None:
    """Until this node has, or has no more, these words in its list of announcements."""
    deadline = time.monotonic() + limit(20)
    while (words in published.read_text()) is no_more:
        assert time.monotonic() < deadline, published.read_text()
        await asyncio.sleep(0.1)
