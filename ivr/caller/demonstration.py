"""The demonstration call: a driver of the demo data calls and bundles, and the UBR is checked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console

from backend_client.client import RocarsClient
from backend_client.office import Demo, DemoDriver, RocarsOffice
from backend_client.settings import RocarsClientSettings
from backend_client.types import Receipt
from ivr.caller.aloud import said_aloud
from ivr.caller.driver import Answers, DemoCaller
from ivr.caller.transcript import Transcript
from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.records.settings import RecordsSettings
from ivr.telephony.ending import Ending
from ivr.telephony.errors import CallRefused
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone
from prompts.settings import PromptSettings
from sip_config.settings import SipSettings
from speech.languages.language import Language
from speech.synthesiser.synthesiser import Synthesiser

T = TypeVar("T")

_GROUPED_DIGITS = re.compile(r"[0-9]{3,4}( [0-9]{3,4})+")
"""A reference as written in a transcript: 555 000 1234."""


CALLER = "+85291234567"
SERVICE_UNAVAILABLE = 503
TRIES, AGAIN_S = 24, 5.0
"""A service that refuses calls because it is overloaded gets so many tries, so many seconds
apart: two minutes, in which other work of a machine mostly ends."""

REPEATS = 2
"""The driver answers a question again when it is asked again, as often as this."""

CALLS = 3
"""Calls that may end without a reference; with the last one the demonstration has failed."""


class DemonstrationFailed(Exception):
    """The call did not go as it should; the text says what was missing."""


class NotTold(DemonstrationFailed):
    """The call ended before a reference was read out."""


class NodeSection(Protocol):
    """The settings of `[node]` that the call reads."""

    @property
    def data(self) -> Path: ...


class FlowsSection(Protocol):
    """The settings of `[flows]` that the call reads."""

    @property
    def languages(self) -> tuple[Language, ...]: ...


class DemonstrationSections(Protocol):
    """The settings that the call reads (fulfilled by `ivr.settings.service.Settings`)."""

    @property
    def node(self) -> NodeSection: ...
    @property
    def sip(self) -> SipSettings: ...
    @property
    def telephony(self) -> TelephonySettings: ...
    @property
    def flows(self) -> FlowsSection: ...
    @property
    def prompts(self) -> PromptSettings: ...
    @property
    def records(self) -> RecordsSettings: ...
    @property
    def records_url(self) -> str: ...


@dataclass(frozen=True)
class Demonstrated:
    """The result of a demonstration call."""

    ending: Ending
    receipt: Receipt
    recording: Path


async def demonstrate(
    settings: DemonstrationSections,
    office: RocarsClientSettings,
    channel: RocarsClientSettings,
    language: Language,
    console: Console,
    *,
    by_voice: bool = False,
) -> Demonstrated:
    """Place the call over SIP and RTP, print it, and ask ROCARS for the bundle it made.

    Args:
        office: how ROCARS is reached for its demo data.
        channel: how it is reached as the telephone channel.
        by_voice: the driver speaks all answers and keys none.

    Raises DemonstrationFailed, RocarsError, TelephonyError, SynthesisFailed.
    """
    book = CallBook(settings.records_url, settings.records, MeteredRecords())
    telephone = Telephone(
        settings.telephony.model_copy(update={"sip_port": 0, "rtp_port_first": 0})
    )
    uri = f"sip:3902@{settings.sip.listen[0]}:{settings.sip.port}"
    recording = _recording(settings, language)
    await telephone.start()

    async def call() -> tuple[Demo, Ending, str]:
        # Asked for anew each time: a one-time code is not good for long.
        async with RocarsOffice(office) as rocars_office:
            demo = await rocars_office.demo()
        given = await _given(settings, demo, language, by_voice=by_voice)
        driver = DemoCaller(telephone, book, given, Transcript(console), repeats=REPEATS)
        ending = await driver.call(uri, from_user=CALLER, recording=recording)
        return demo, ending, _ubr_told(driver)

    try:
        console.print(f"Calling {uri}\n")
        demo, ending, ubr = await _until_it_is_told(
            lambda: _until_it_is_taken(call, console), console
        )
    finally:
        await telephone.stop()
        await book.shut()
    async with RocarsClient(channel) as rocars:
        receipt = await rocars.status(ubr, _vehicle(_driver(demo, language)))
    return Demonstrated(ending, receipt, recording)


async def _until_it_is_told(call: Callable[[], Awaitable[T]], console: Console) -> T:
    """Call again when no reference was read out: this caller can be late on a busy machine, as the
    service can. Raises what `call` raises."""
    for _ in range(CALLS - 1):
        try:
            return await call()
        except NotTold as failure:
            console.print(f"\n{failure}. Calling again.\n")
    return await call()


async def _until_it_is_taken(call: Callable[[], Awaitable[T]], console: Console) -> T:
    """Call again while the service is full or overloaded. Raises CallRefused, and what `call`
    raises."""
    for _ in range(TRIES - 1):
        try:
            return await call()
        except CallRefused as refusal:
            if refusal.status != SERVICE_UNAVAILABLE:
                raise
            console.print(f"It takes no calls now ({refusal.status}); again in {AGAIN_S:.0f} s.")
            await asyncio.sleep(AGAIN_S)
    return await call()


def answers(
    settings: DemonstrationSections, demo: Demo, language: Language
) -> dict[str, list[str]]:
    """What the demo driver of a language keys at each question. Raises DemonstrationFailed."""
    driver = _driver(demo, language)
    immediately = language is not Language.PUTONGHUA  # its driver is told a time
    free = demo.free_ccrns(immediately=immediately)
    if not free:
        raise DemonstrationFailed("the demo data has no free cargo left")
    return {
        "welcome.language": [str(settings.flows.languages.index(language) + 1)],
        "login.user_id": [driver.user_id],
        "login.pin": [driver.pin],
        "login.code": [driver.code],
        "main_menu": ["1"],
        "ccrn": [f"{free[0]}#"],
        "ccrn.more": ["1"],
        "vehicle.which": ["1"],
        "bundle.one_cargo": ["1"],
        "bundle.after": ["3"],
    }


async def _given(
    settings: DemonstrationSections, demo: Demo, language: Language, *, by_voice: bool
) -> Answers:
    keyed = answers(settings, demo, language)
    if not by_voice:
        return keyed
    synthesiser = Synthesiser(settings.prompts.synthesiser)
    words = {
        "welcome.language": f"welcome.language.{language}",
        "main_menu": "main_menu.bundle",
        "ccrn.more": "ccrn.go_on",
        "bundle.one_cargo": "confirm.right",
        "bundle.after": "bundle.finish",
    }
    try:
        return await said_aloud(keyed, words, language, synthesiser)
    finally:
        await synthesiser.close()


def _driver(demo: Demo, language: Language) -> DemoDriver:
    with_vehicles = [driver for driver in demo.drivers if driver.vehicles]
    if not with_vehicles:
        raise DemonstrationFailed("the demo data has no driver with a vehicle on file")
    return next(
        (driver for driver in with_vehicles if driver.language == language), with_vehicles[0]
    )


def _vehicle(driver: DemoDriver) -> str:
    return driver.vehicles[0]


def _ubr_told(driver: DemoCaller) -> str:
    """The UBR that the driver heard, taken from the words of the prompt."""
    for step in driver.steps:
        if "bundle.done" in step.name.split("+"):
            groups = _GROUPED_DIGITS.search(step.text)
            if groups:
                return groups[0].replace(" ", "")
    raise NotTold("No unique bundling reference was read out")


def _recording(settings: DemonstrationSections, language: Language) -> Path:
    directory = settings.node.data / "calls"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"demo-{language}-{datetime.now():%Y%m%d-%H%M%S}.wav"
