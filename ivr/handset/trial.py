"""What there is to try: demonstration drivers with the codes of now, and cargo that is free."""

from __future__ import annotations

import asyncio

from backend_client.office import Demo, RocarsOffice
from backend_client.settings import RocarsClientSettings
from ivr.handset.messages import CargoTold, DriverTold, TrialTold

FRESH_S = 1.5
"""Pages that ask within so long share one answer of ROCARS."""

CARGO_SHOWN = 2
"""Of each direction, of each crossing instruction."""

PHONES = {"10000001": "+85290100001", "10000002": "+8613800000002"}
"""Numbers by which ROCARS knows its demonstration drivers (`rocars.training.demo`)."""


class Trial:
    """Asks ROCARS, and sees to it that there is always something to bundle."""

    def __init__(self, rocars: RocarsClientSettings) -> None:
        """`rocars`: how it is reached for its demonstration data."""
        self._office = RocarsOffice(rocars)
        self._asking = asyncio.Lock()
        self._found: Demo | None = None
        self._asked_at = float("-inf")

    async def close(self) -> None:
        await self._office.close()

    async def now(self) -> TrialTold:
        """Raises ProblemAnswered, BackEndUnavailable."""
        clock = asyncio.get_running_loop().time
        async with self._asking:
            if self._found is None or clock() - self._asked_at > FRESH_S:
                self._found, self._asked_at = await self._office.demo(), clock()
            return _told(self._found, clock() - self._asked_at)


def _told(demo: Demo, age_s: float) -> TrialTold:
    drivers = tuple(
        DriverTold(
            driver.user_id,
            driver.name,
            driver.language,
            PHONES.get(driver.user_id, ""),
            driver.pin,
            driver.code,
            None
            if driver.code_valid_s is None
            else max(0, round((driver.code_valid_s - age_s) * 1000)),
            driver.vehicles,
        )
        for driver in demo.drivers
    )
    cargo = tuple(
        CargoTold(ccrn, direction, at_once)
        for direction in ("outbound", "inbound")
        for at_once in (True, False)
        for ccrn in demo.free_ccrns(immediately=at_once, direction=direction)[:CARGO_SHOWN]
    )
    return TrialTold(drivers, cargo)
