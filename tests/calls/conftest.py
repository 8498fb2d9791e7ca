"""One service for most calls, and one telephone to call it with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone
from tests.support.callers import Caller
from tests.support.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    service.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def telephone() -> AsyncIterator[Telephone]:
    """A process has one telephone at a time, and other modules open their own."""
    telephone = Telephone(TelephonySettings(sip_port=0, rtp_port_first=0))
    await telephone.start()
    yield telephone
    await telephone.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def caller(service: Service, telephone: Telephone) -> AsyncIterator[Caller]:
    """A caller of the common service; afterwards no line may be in use."""
    settings = service.settings
    book = CallBook(settings.records_url, settings.records, MeteredRecords())
    caller = Caller(service, telephone, book)
    yield caller
    await caller.idle()
    await book.shut()


@pytest.fixture
def scenarios() -> Path:
    return Path(__file__).with_name("sipp")
