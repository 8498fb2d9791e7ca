"""A bundle as a text message to the caller's own telephone."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from backend_client.types import Receipt
from ivr.messages.gateway import NotSent, SmsGateway
from ivr.observe import metrics
from speech.language import Language

log = structlog.get_logger(__name__)

_TEXTS = {
    Language.ENGLISH: (
        "ROCARS bundling reference {ubr}. Vehicle {vehicle}. Cargo {ccrns}. {crossing}",
        "You may cross at once.",
        "You may cross from {at:%H:%M on %-d %B}.",
    ),
    Language.CANTONESE: (
        "道路貨物資料系統捆綁參考編號 {ubr}。車牌 {vehicle}。貨物編號 {ccrns}。{crossing}",
        "可以即時過關。",
        "最早過關時間:{at:%-m月%-d日 %H:%M}。",
    ),
    Language.PUTONGHUA: (
        "道路货物资料系统捆绑参考编号 {ubr}。车牌 {vehicle}。货物编号 {ccrns}。{crossing}",
        "可以马上过关。",
        "最早过关时间:{at:%-m月%-d日 %H:%M}。",
    ),
}


def receipt_text(receipt: Receipt, language: Language) -> str:
    """What the message says; instants in Hong Kong time, as ROCARS gave them."""
    text, at_once, later = _TEXTS[language]
    crossing = at_once
    if not receipt.crossing.immediately:
        crossing = later.format(at=receipt.crossing.at)
    return text.format(
        ubr=receipt.ubr,
        vehicle=receipt.vehicle,
        ccrns=", ".join(receipt.ccrns),
        crossing=crossing,
    )


@dataclass(frozen=True)
class TextReceipts:
    """Fulfils `call_flows.desk.TextReceipts` for one caller, at the number he calls from."""

    gateway: SmsGateway
    to: str

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
