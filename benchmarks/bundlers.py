"""Drivers who bundle again and again during a benchmark, and a check of their bundles.

    python -m benchmarks.bundlers <configuration of the service> <seconds>

One driver of each language calls, bundles one CCRN, hears the reference and calls again. At the end
the announced references are compared with the bundles in ROCARS, and printed as JSON (`Tale`). Run
as a process of its own, so that it has the library of a telephone to itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import SecretStr

from backend_client.client import RocarsClient
from backend_client.errors import RocarsError
from backend_client.office import Demo, DemoDriver, RocarsOffice
from backend_client.settings import RocarsClientSettings
from ivr.caller.driver import DemoCaller
from ivr.caller.own_trace import CallNotFound
from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.records.facts import now
from ivr.settings.service import Settings, load
from ivr.telephony.errors import CallRefused, DialFailed
from ivr.telephony.telephone import Telephone

_REFERENCE = re.compile(r"[0-9]{3,4}( [0-9]{3,4})+")
_KEYS = {"yue": "1", "cmn": "2", "en": "3"}
_KEYED = "ZG567"
_KEYED_VEHICLE = {  # W to Z, G or H, 567
    "vehicle.mark": ["94567#"],
    "vehicle.first_letter": ["4"],
    "vehicle.second_letter": ["1"],
}
PAUSE_S = 0.5
SERVICE_UNAVAILABLE = 503
PATIENCE_S = 30.0
AGAIN_S = 2.0
"""Pause before a refused caller tries again. A trunk would wait for Retry-After."""
SETTLED_S = 60.0
"""By then all requests with an unknown end are settled."""


@dataclass
class Tale:
    """The results of the drivers' calls.

    Attributes:
        announced: calls in which a reference was read out.
        lost: how many of these have no bundle in ROCARS.
        doubled: CCRNs that are in more than one bundle.
        not_announced: bundles in ROCARS that no driver heard of, since their call ended before.
        refused: calls answered 503.
        failed: calls in which no reference was read out, by why.
    """

    announced: int = 0
    lost: int = 0
    doubled: int = 0
    not_announced: int = 0
    refused: int = 0
    failed: dict[str, int] = field(default_factory=dict)


@dataclass
class Bundlers:
    """All drivers of one service."""

    settings: Settings
    telephone: Telephone
    book: CallBook
    until: float
    references: dict[str, str] = field(default_factory=dict)
    """The announced references, by CCRN."""
    vehicles: dict[str, str] = field(default_factory=dict)
    before: Counter[str] = field(default_factory=Counter)
    """What was bundled before the benchmark; see `bundled`."""
    refused: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def rocars(self, role: str) -> RocarsClientSettings:
        directory = self.settings.node.data / "rocars"
        port = (directory / "port").read_text().strip()
        key = (directory / f"{role}.key").read_text().strip()
        return RocarsClientSettings(
            base_url=f"http://127.0.0.1:{port}",
            api_key=SecretStr(key),
            read_timeout_s=PATIENCE_S,
            budget_s=PATIENCE_S,
        )

    async def demo(self) -> Demo:
        """Drivers and cargo; missing demo data is made first."""
        async with RocarsOffice(self.rocars("demo")) as office:
            return await office.demo()

    async def drive(self, language: str, ccrns: list[str]) -> None:
        """Call after call, a CCRN each."""
        while ccrns and time.monotonic() < self.until:
            demo = await self.demo()
            driver = next(who for who in demo.drivers if who.language == language)
            try:
                await self._bundle(driver, ccrns.pop())
            except CallRefused as refusal:
                if refusal.status == SERVICE_UNAVAILABLE:
                    self.refused += 1
                else:
                    self.failed[f"answered {refusal.status}"] += 1
                await asyncio.sleep(AGAIN_S)
            except (DialFailed, CallNotFound) as failure:
                self.failed[type(failure).__name__] += 1
            await asyncio.sleep(PAUSE_S)

    async def _bundle(self, driver: DemoDriver, ccrn: str) -> None:
        answers = {
            "welcome.language": [_KEYS[driver.language]],
            "login.user_id": [driver.user_id],
            "login.pin": [driver.pin],
            "login.code": [driver.code],
            "main_menu": ["1"],
            "ccrn": [f"{ccrn}#"],
            "ccrn.more": ["1"],
            "bundle.one_cargo": ["1"],
            "bundle.after": ["3"],
            **({"vehicle.which": ["1"]} if driver.vehicles else _KEYED_VEHICLE),
        }
        call = DemoCaller(self.telephone, self.book, answers, listens=False)
        uri = f"sip:3902@127.0.0.1:{self.settings.sip.port}"
        await call.call(uri, from_user="+85291234567")
        self.vehicles[ccrn] = driver.vehicles[0] if driver.vehicles else _KEYED
        texts = [step.text for step in call.steps if "bundle.done" in step.name.split("+")]
        found = _REFERENCE.search(texts[0]) if texts else None
        if found is None:
            last = call.steps[-1].name if call.steps else "nothing was asked"
            self.failed[f"left at {last}"] += 1
            return
        self.references[ccrn] = found[0].replace(" ", "")

    def bundled(self) -> Counter[str]:
        """In how many bundles each CCRN is, asked of the database of ROCARS itself."""
        path = self.settings.node.data / "rocars" / "rocars.sqlite3"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as rocars:
            rows = rocars.execute(
                "SELECT ccrn FROM bundled_cargo JOIN consignment ON consignment.id = consignment_id"
            )
            return Counter(ccrn for (ccrn,) in rows)

    async def tale(self) -> Tale:
        """Compare, when all requests are settled."""
        deadline = time.monotonic() + SETTLED_S
        while time.monotonic() < deadline:
            if not await self.book.unsettled_bundle_requests(now()):
                break
            await asyncio.sleep(0.5)
        tale = Tale(len(self.references), refused=self.refused, failed=dict(self.failed))
        bundled = self.bundled() - self.before
        tale.doubled = sum(times > 1 for times in bundled.values())
        tale.not_announced = len(bundled.keys() - self.references.keys())
        async with RocarsClient(self.rocars("ivr")) as rocars:
            for ccrn, reference in self.references.items():
                try:
                    receipt = await rocars.status(reference, self.vehicles[ccrn])
                except RocarsError:
                    tale.lost += 1
                else:
                    tale.lost += receipt.ccrns != (ccrn,)
        return tale


async def bundle_for(settings: Settings, seconds: float) -> Tale:
    """Have one driver of each language bundle for so long."""
    book = CallBook(settings.records_url, settings.records, MeteredRecords())
    telephone = Telephone(
        settings.telephony.model_copy(update={"sip_port": 0, "rtp_port_first": 0})
    )
    await telephone.start()
    bundlers = Bundlers(settings, telephone, book, time.monotonic() + seconds)
    bundlers.before = bundlers.bundled()
    demo = await bundlers.demo()
    free = [*demo.free_ccrns(immediately=True), *demo.free_ccrns(immediately=False)]
    await asyncio.gather(
        *(bundlers.drive(language, free[at::3]) for at, language in enumerate(_KEYS))
    )
    tale = await bundlers.tale()
    await telephone.stop()
    await book.shut()
    return tale


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(bundle_for(load(Path(sys.argv[1])), float(sys.argv[2]))))))
