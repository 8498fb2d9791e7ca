"""Requests that were left open are settled, once, when there is somebody to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend_client.errors import BackEndUnavailable
from backend_client.types import CargoState, Driver, EarliestCrossing, Receipt
from ivr.call.ledger import BundleLedger
from ivr.node.recovery import Recovery
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.settings import RecordsSettings
from tests.support.fakes.rocars import NOW, PaperRocars
from tests.support.migrated import new_records

pytestmark = pytest.mark.service

DRIVER = Driver("12345678", "session", ("AB1234",))
CCRN = "1234567890123"
RECEIPT = Receipt("5550001", (CCRN,), "AB1234", NOW, EarliestCrossing(True, NOW))


@pytest.fixture
def records(tmp_path: Path) -> str:
    return new_records(tmp_path / "records.sqlite3")


@pytest.fixture
async def book(records: str) -> AsyncIterator[CallBook]:
    opened = CallBook(records, RecordsSettings(flush_interval_s=0.02), metrics.MeteredRecords())
    opened.start()
    yield opened
    await opened.shut()


@pytest.fixture
def ledger(book: CallBook) -> BundleLedger:
    return BundleLedger(book, "call-1", "hk1", 4711, tell_unheard_hours=24)


@pytest.fixture
def rocars() -> PaperRocars:
    return PaperRocars(cargo={CCRN: CargoState.FREE})


async def test_what_rocars_has_done_is_confirmed_and_told_next_time(
    book: CallBook, ledger: BundleLedger, rocars: PaperRocars
) -> None:
    await ledger.sending("k1", DRIVER, (CCRN,), "AB1234")
    rocars.settled["k1"] = RECEIPT
    assert [result.ended for result in await ledger.unannounced_results(DRIVER)] == ["unknown"]
    assert await Recovery(book, rocars, 0).round() == 1
    (unheard,) = await ledger.unannounced_results(DRIVER)
    assert unheard.ended == "confirmed"
    assert unheard.receipt is not None
    assert (unheard.receipt.ubr, unheard.receipt.crossing) == ("5550001", RECEIPT.crossing)
    assert await Recovery(book, rocars, 0).round() == 0


async def test_what_rocars_never_did_is_refused(
    book: CallBook, ledger: BundleLedger, rocars: PaperRocars
) -> None:
    await ledger.sending("k1", DRIVER, (CCRN,), "AB1234")
    await ledger.unknown("k1", "timed out")
    await Recovery(book, rocars, 0).round()
    assert [result.ended for result in await ledger.unannounced_results(DRIVER)] == ["refused"]


async def test_a_living_call_is_left_alone(
    book: CallBook, ledger: BundleLedger, rocars: PaperRocars
) -> None:
    await ledger.sending("k1", DRIVER, (CCRN,), "AB1234")
    assert await Recovery(book, rocars, 30).round() == 0


async def test_while_rocars_is_away_requests_stay_open(
    book: CallBook, ledger: BundleLedger, rocars: PaperRocars
) -> None:
    await ledger.sending("k1", DRIVER, (CCRN,), "AB1234")
    rocars.fail["settle"] = [BackEndUnavailable("connection refused")]
    recovery = Recovery(book, rocars, 0)
    with pytest.raises(BackEndUnavailable):
        await recovery.round()
    assert await recovery.round() == 1


async def test_what_was_told_is_not_told_again(book: CallBook, ledger: BundleLedger) -> None:
    await ledger.sending("k1", DRIVER, (CCRN,), "AB1234")
    await ledger.confirmed("k1", RECEIPT)
    ledger.result_announced("k1")
    await ledger.refused("k2", "never written")
    assert await ledger.unannounced_results(DRIVER) == ()
