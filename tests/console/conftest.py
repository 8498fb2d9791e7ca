"""A console with records of its own, and a real browser to look at it with."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from aiohttp import web
from playwright.async_api import Browser, Dialog, Page, async_playwright, expect

from ground.processes import WorkProcesses
from ground.web.passwords import SecretHasher
from ivr.console.app import make_app
from ivr.console.health import BackEndProbe
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.console.site import SITE, Site
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.people import People
from ivr.records.roles import Role
from ivr.settings.service import Settings
from prompts.library import RECORDINGS
from tests.console.test_health import Node
from tests.records.conftest import PATIENT, NotingMonitor
from tests.support.migrated import new_records
from tests.support.shipped import shipped_library

LIBRARY = shipped_library()
PASSWORDS = {role: f"the secret of this {role}" for role in Role}
NAMES = {role: f"{role}.one" for role in Role}
CHROMIUM = "/usr/bin/chromium"
MICROPHONE = RECORDINGS / "en" / "goodbye.plain.flac"


def a_recording(name: str = "welcome.greeting", gain: float = 0.6) -> bytes:
    """A WAV as a person would bring it: words of the right length, with a room around them."""
    spoken, rate = soundfile.read(RECORDINGS / "en" / f"{name}.flac", dtype="float32")
    room = np.random.default_rng(2).normal(0, 0.0004, len(spoken) + rate)
    room[rate // 2 : rate // 2 + len(spoken)] += spoken * gain
    file = io.BytesIO()
    soundfile.write(file, room, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


@dataclass
class Console:
    """A console on a free port. `names` are those of the four roles."""

    url: str
    site: Site
    book: CallBook
    directory: Path
    node: Node
    names: dict[Role, str] = field(default_factory=lambda: NAMES)

    @property
    def settings(self) -> Settings:
        """All of them; the site knows its own sections only."""
        assert isinstance(self.site.settings, Settings)
        return self.site.settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def populated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records with one account of each role. Their hashes are cheap: to verify one costs what it
    was made with, and tests log in hundreds of times."""
    path = tmp_path_factory.mktemp("records") / "records.sqlite3"
    records = Database(new_records(path), PATIENT)
    cheap = SecretHasher(time_cost=1, memory_kib=64, parallelism=1)
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr("ivr.records.people._HASHER", cheap)
        await _populate(People(records), NAMES)
    await records.close()
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def beside() -> AsyncIterator[WorkProcesses]:
    """Charts and recordings are worked out in it; one for all, since it takes a while to begin."""
    processes = WorkProcesses("console work of tests")
    yield processes
    await processes.close()


@pytest_asyncio.fixture(loop_scope="session")
async def console(tmp_path: Path, populated: Path, beside: WorkProcesses) -> AsyncIterator[Console]:
    settings = Settings.model_validate(
        {
            "node": {"name": "hk1", "data": str(tmp_path)},
            "console": {"logins_per_minute": 100},
            "records": {"write_timeout_s": 60, "open_patience_s": 5, "close_patience_s": 30},
        }
    )
    url = settings.records_url
    shutil.copy(populated, tmp_path / "records.sqlite3")
    node = Node()
    app = make_app(
        node,
        BackEndProbe("http://127.0.0.1:9/none"),
        SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1"),
        ("yue", "cmn", "en"),
        settings=settings,
        library=LIBRARY,
        beside=beside,
    )
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    book = CallBook(url, settings.records, NotingMonitor())
    book.start()
    opened = Console(f"http://127.0.0.1:{port}", app[SITE], book, tmp_path, node)
    yield opened
    await book.shut()
    await runner.cleanup()


async def _populate(people: People, names: dict[Role, str]) -> None:
    for role, name in names.items():
        await people.accounts.add("test", name, f"The {role}", role, PASSWORDS[role])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Debian's Chromium; what its microphone hears is a recording."""
    microphone = tmp_path_factory.mktemp("microphone") / "microphone.wav"
    spoken, rate = soundfile.read(MICROPHONE, dtype="float32")
    silence = np.zeros(rate // 2, np.float32)
    soundfile.write(microphone, np.concatenate((silence, spoken * 0.7, silence)), rate)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
            ],
        )
        yield browser
        await browser.close()


expect.set_options(timeout=60_000)  # a limit, no expectation: a page may be slow to come


class Visit:
    """One person at a browser of their own; whatever its console complains of is a failure.

    Attributes:
        agrees: what they answer when the page asks whether they are sure.
        asked: what it has asked.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        self.agrees = True
        self.asked: list[str] = []
        page.on("dialog", self._answer)

    async def _answer(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        await (dialog.accept() if self.agrees else dialog.dismiss())

    def _note(self, kind: str, text: str) -> None:
        """That a page was refused is said by the page itself."""
        if kind == "error" and "status of 422" not in text:
            self.complaints.append(text)

    async def log_in(self, name: str, password: str) -> None:
        await self.page.goto(f"{self.url}/login")
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url("**/live")

    async def go(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).first.click()

    async def notice(self) -> str:
        """What the page says happened."""
        return await self.page.locator("main > .notice").first.inner_text()
