"""What others wait for while somebody asks a console for much."""

from __future__ import annotations

import asyncio
import gc
import io
import re
import time
import zipfile
from collections.abc import Sequence
from datetime import date

import soundfile
from aiohttp import ClientSession, FormData

from benchmarks.support.page_times import LongRequest
from ivr.console.charts import CHARTS
from prompts.library import RECORDINGS


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


async def held(session: ClientSession, days: Sequence[date]) -> list[LongRequest]:
    """How long the event loop serves nobody else while something large is asked for."""
    span = f"from={min(days)}&to={max(days)}"
    async with session.get("/me") as page:
        form = re.search(r'name="csrf" value="([^"]+)"', await page.text())
    assert form is not None
    csrf, packed = form[1], a_set()
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
    found = []
    for name, ask in asked.items():
        began, busy = time.monotonic(), time.process_time()
        async with Heartbeat() as others:
            await ask()
        took, processor = time.monotonic() - began, time.process_time() - busy
        found.append(LongRequest(name, took, processor, others.longest_ms))
    return found
