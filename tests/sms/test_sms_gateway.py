"""A real gateway over HTTP, good and bad, and what is sent to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest
from pydantic import SecretStr, ValidationError

from backend_client.types import EarliestCrossing, Receipt
from ground.sms.gateway import NotSent, SmsGateway
from ground.sms.settings import SmsSettings
from ivr.sms.receipts import TextReceipts, receipt_text
from speech.languages.language import Language
from tests.support.text_gateway import TextGateway, text_gateway

pytestmark = pytest.mark.service

AT = datetime(2010, 5, 7, 9, 5, tzinfo=timezone(timedelta(hours=8)))


def receipt(*, immediately: bool) -> Receipt:
    crossing = EarliestCrossing(immediately, AT)
    return Receipt("1234567890", ("1001", "1002"), "AB1234", AT, crossing)


@pytest.fixture
async def gateway() -> AsyncIterator[TextGateway]:
    async with text_gateway() as gateway:
        yield gateway


async def test_a_receipt_reaches_the_callers_number(gateway: TextGateway) -> None:
    sms = SmsGateway(SmsSettings(url=gateway.url, token=SecretStr("s3cret"), more={"from": "R"}))
    texts = TextReceipts(sms, "+85291234567")
    assert await texts.send(receipt(immediately=False), Language.ENGLISH, "key-1")
    await sms.close()
    ((fields, headers),) = gateway.taken
    assert fields == {
        "from": "R",
        "to": "+85291234567",
        "text": "ROCARS bundling reference 1234567890. Vehicle AB1234. Cargo 1001, 1002. "
        "You may cross from 09:05 on 7 May.",
    }
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer s3cret", "key-1")


async def test_a_gateway_that_takes_forms_and_has_its_own_names(gateway: TextGateway) -> None:
    sms = SmsGateway(SmsSettings(url=gateway.url, body="form", to_field="msisdn", text_field="b"))
    await sms.send("+85291234567", "你好", "key")
    await sms.close()
    ((fields, headers),) = gateway.taken
    assert fields == {"msisdn": "+85291234567", "b": "你好"}
    assert "Authorization" not in headers


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
async def test_a_refusal_is_not_taken_for_a_message_sent(gateway: TextGateway, status: int) -> None:
    gateway.status = status
    sms = SmsGateway(SmsSettings(url=gateway.url))
    with pytest.raises(NotSent, match=f"status {status}"):
        await sms.send("+85291234567", "text", "key")
    assert not await TextReceipts(sms, "+85291234567").send(
        receipt(immediately=True), Language.ENGLISH, "key"
    )
    await sms.close()
    assert (
        len(gateway.taken) == 2
    )  # each tried once: a gateway may have sent what it did not confirm


async def test_a_gateway_that_hangs_or_is_not_there(gateway: TextGateway) -> None:
    gateway.seconds = 5
    slow = SmsGateway(SmsSettings(url=gateway.url, timeout_s=0.2))
    with pytest.raises(NotSent, match="no answer in time"):
        await slow.send("+85291234567", "text", "key")
    await slow.close()
    gone = SmsGateway(SmsSettings(url="http://127.0.0.1:9/"))
    with pytest.raises(NotSent, match="ClientConnectorError"):
        await gone.send("+85291234567", "text", "key")
    await gone.close()


@pytest.mark.parametrize("language", list(Language))
def test_the_text_has_all_a_driver_needs(language: Language) -> None:
    at_once, later = (receipt_text(receipt(immediately=now), language) for now in (True, False))
    for text in (at_once, later):
        assert all(part in text for part in ("1234567890", "AB1234", "1001, 1002"))
    assert "09:05" in later
    assert "09:05" not in at_once
    assert len(later) <= 160 if later.isascii() else len(later) <= 70


def test_settings_say_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="expected an address such as"):
        SmsSettings(url="sms.example")
