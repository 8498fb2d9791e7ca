"""A bundle as a text message to the caller's own telephone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog
import yaml
from pydantic import BaseModel, ConfigDict

from backend_client.types import Receipt
from ivr.observe import metrics
from ivr.sms.gateway import NotSent, SmsGateway
from speech.languages.language import Language

log = structlog.get_logger("ivr.sms.receipts")

_TEXTS = Path(__file__).with_name("texts")


class _Texts(BaseModel):
    """The message in one language, from `texts/`.

    Attributes:
        text: the whole message, with places for ubr, vehicle, ccrns and crossing.
        at_once, later: the part about crossing; `later` has a place for the instant, `at`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    at_once: str
    later: str


@cache
def _texts(language: Language) -> _Texts:
    read = yaml.safe_load((_TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))
    return _Texts.model_validate(read)


def receipt_text(receipt: Receipt, language: Language) -> str:
    """The text of the message; instants in Hong Kong time, as ROCARS gave them."""
    texts = _texts(language)
    crossing = texts.at_once
    if not receipt.crossing.immediately:
        crossing = texts.later.format(at=receipt.crossing.at)
    return texts.text.format(
        ubr=receipt.ubr,
        vehicle=receipt.vehicle,
        ccrns=", ".join(receipt.ccrns),
        crossing=crossing,
    )


@dataclass(frozen=True)
class TextReceipts:
    """Fulfils `call_flows.call_context.TextReceipts` for the caller's number."""

    gateway: SmsGateway
    to: str

    @property
    def ending(self) -> str:
        return self.to[-4:]

    async def send(self, receipt: Receipt, language: Language, key: str) -> bool:
        try:
            await self.gateway.send(self.to, receipt_text(receipt, language), key)
        except NotSent as why:
            metrics.text_messages_total.labels(outcome="failed").inc()
            log.error("text message not sent", why=str(why), e164=self.to)
            return False
        metrics.text_messages_total.labels(outcome="taken").inc()
        log.info("text message taken by the gateway", e164=self.to)
        return True
