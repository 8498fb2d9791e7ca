"""What the call tests say: who calls, and what they key."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from backend_client.client import RocarsClient
from backend_client.office import Demo, RocarsOffice
from backend_client.types import Receipt
from ivr.caller.driver import Answers, DemoCaller
from ivr.records.call_book import CallBook
from ivr.records.models import CallStep
from ivr.telephony.ending import Ending
from ivr.telephony.telephone import Telephone
from tests.support.service import Service

WRONG_CODE = "000000"


@dataclass
class Called:
    """One call that was made: how it ended, and its trace."""

    ending: Ending
    steps: list[CallStep]

    def text_of(self, prompt: str) -> str:
        """The words of a statement, empty when it was never made."""
        return next((step.text for step in self.steps if prompt in step.name.split("+")), "")

    @property
    def words(self) -> str:
        return " ".join(step.text for step in self.steps)


@dataclass
class Caller:
    """Places calls to one service."""

    service: Service
    telephone: Telephone
    book: CallBook
    secrets: list[str] = field(default_factory=list)

    async def demo(self) -> Demo:
        async with RocarsOffice(self.service.rocars("demo")) as office:
            return await office.demo()

    async def call(
        self,
        answers: Answers,
        *,
        recording: Path | None = None,
        leaves_after: str = "",
        from_user: str = "+85291234567",
        to: str = "3902",
    ) -> Called:
        """Key these answers, barging in at once; hang up when there are none left."""
        driver = DemoCaller(
            self.telephone, self.book, answers, listens=False, leaves_after=leaves_after
        )
        uri = self.service.uri.replace("3902", to)
        ending = await driver.call(uri, from_user=from_user, recording=recording)
        return Called(ending, driver.steps)

    async def receipt(self, ubr: str, vehicle: str) -> Receipt:
        async with RocarsClient(self.service.rocars("ivr")) as rocars:
            return await rocars.status(ubr, vehicle)

    async def read_plate(self, plate: str, lane: str) -> str:
        """A camera at the boundary reads this plate; what the driver is instructed to do."""
        rocars = self.service.rocars("camera")
        reading = {
            "lane": lane,
            "plate": plate,
            "confidence": 0.99,
            "taken_at": datetime.now(UTC).isoformat(),
        }
        headers = {
            "X-Api-Key": rocars.api_key.get_secret_value(),
            "Idempotency-Key": secrets.token_hex(8),
        }
        async with (
            aiohttp.ClientSession(str(rocars.base_url)) as http,
            http.post("/v1/readings", json=reading, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["instruction"])

    async def idle(self) -> None:
        await asyncio.to_thread(self.service.until_idle)


def log_in(demo: Demo, language: str) -> dict[str, list[str]]:
    """Language and log-in of the demo driver of that language."""
    driver = next(candidate for candidate in demo.drivers if candidate.language == language)
    return {
        "welcome.language": [{"yue": "1", "cmn": "2", "en": "3"}[language]],
        "login.user_id": [driver.user_id],
        "login.pin": [driver.pin],
        "login.code": [driver.code],
    }
