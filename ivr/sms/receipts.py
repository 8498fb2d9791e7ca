"""A bundle as a text message to the caller's own telephone."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from backend_client.types import Receipt
from ground.sms.bundle_text import bundle_text
from ground.sms.gateway import NotSent, SmsGateway
from ivr.observe import metrics
from speech.languages.language import Language

log = structlog.get_logger("ivr.sms.receipts")


def receipt_text(receipt: Receipt, language: Language) -> str:
    """The text of the message; instants in Hong Kong time, as ROCARS gave them."""
    crossing = receipt.crossing
    return bundle_text(
        language,
        ubr=receipt.ubr,
        vehicle=receipt.vehicle,
        ccrns=receipt.ccrns,
        cross_from=None if crossing.immediately else crossing.at,
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
