"""Bringing messages to people: by webhook, by e-mail; tried again until they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

import aiohttp
import structlog

from ground.sentence import Sentence
from ivr.console.alert_settings import AlertSettings
from ivr.console.mail import NotDelivered, send
from ivr.console.repeating import repeat
from ivr.console.shown import when
from ivr.console.words import WORDS
from ivr.observe import metrics
from ivr.records.alert_kinds import AlertEvent, Channel
from ivr.records.alert_tables import Alert, AlertMessage
from ivr.records.alerts import Alerts

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
LOOK_ANYWAY_S = 10.0
"""The records are read so often although they have not changed: it is time to try again."""

TITLES: Mapping[AlertEvent, str] = {
    AlertEvent.RAISED: "Alert",
    AlertEvent.STILL: "Still wrong",
    AlertEvent.OVER: "Over",
}


@dataclass
class Delivery:
    """Sends what waits, one message after the other."""

    alerts: Alerts
    rules: AlertSettings
    public_url: str
    if_due: Callable[[], bool] = lambda: True
    """Says each time whether there can be anything to send; after a failure there is."""
    _failed: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Until cancelled."""
        await repeat(self._send_if_due, LOOK_EVERY_S, "alerts cannot be sent")

    async def _send_if_due(self) -> None:
        if self.if_due() or self._failed:
            self._failed = True
            await self.send_waiting()
            self._failed = False

    async def send_waiting(self) -> None:
        """All that is due now. Raises RecordsUnavailable."""
        while (claimed := await self.alerts.claim()) is not None:
            message, alert = claimed
            channel = message.channel.value
            try:
                await self._send(message, alert)
            except NotDelivered as failure:
                log.error("alert not delivered", channel=channel, why=str(failure))
                metrics.alert_messages_total.labels(channel=channel, outcome="failed").inc()
                await self.alerts.failed(message, str(failure))
            else:
                metrics.alert_messages_total.labels(channel=channel, outcome="sent").inc()
                await self.alerts.sent(message.message_id)

    async def _send(self, message: AlertMessage, alert: Alert) -> None:
        if message.channel is Channel.WEBHOOK and self.rules.webhook_url:
            await self._post(as_json(message.event, alert, self.public_url))
        elif message.channel is Channel.EMAIL and self.rules.email_to:
            letter = as_email(message.event, alert, self.rules, self.public_url)
            await asyncio.to_thread(send, letter, self.rules)
        else:
            raise NotDelivered(f"there is no {message.channel.value} any more")

    async def _post(self, body: dict[str, Any]) -> None:
        token = self.rules.webhook_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        patience = aiohttp.ClientTimeout(total=self.rules.timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience, headers=headers) as session,
                session.post(self.rules.webhook_url, json=body, allow_redirects=False) as answer,
            ):
                if answer.status // 100 != 2:
                    raise NotDelivered(f"HTTP {answer.status}")
        except TimeoutError:
            raise NotDelivered(f"no answer within {self.rules.timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as failure:
            raise NotDelivered(f"{type(failure).__name__}: {failure}") from failure


def sentence_of(alert: Alert) -> Sentence:
    """What is wrong, in English, and to be told in another language."""
    return Sentence(alert.text, **alert.figures)


def as_json(event: AlertEvent, alert: Alert, public_url: str) -> dict[str, Any]:
    """The body of a webhook."""
    sentence = sentence_of(alert)
    return {
        "event": event.value,
        "kind": alert.kind.value,
        "alert": alert.alert_id,
        "subject": alert.subject,
        "text": str(sentence),
        "text_zh": sentence.translated(WORDS.catalogue("zh-Hant").gettext),
        "since": alert.since.isoformat(),
        "over": alert.over_at.isoformat() if alert.over_at else None,
        "url": _page(public_url),
    }


def as_email(
    event: AlertEvent, alert: Alert, rules: AlertSettings, public_url: str
) -> EmailMessage:
    """A letter in both languages of the console."""
    sentence, chinese = sentence_of(alert), WORDS.catalogue("zh-Hant").gettext
    letter = EmailMessage()
    letter["Subject"] = f"[ROCARS] {TITLES[event]}: {sentence}"
    letter["From"] = rules.email_from
    letter["To"] = ", ".join(rules.email_to)
    letter["Date"] = formatdate()
    letter["Message-ID"] = make_msgid(domain="rocars-ivr.invalid")
    over = f"\nOver 完結: {when(alert.over_at)}" if alert.over_at else ""
    letter.set_content(
        f"{TITLES[event]}: {sentence}\n{chinese(TITLES[event])}：{sentence.translated(chinese)}\n\n"
        f"Since 開始: {when(alert.since)} (Hong Kong 香港時間){over}\n{_page(public_url)}\n"
    )
    return letter


def _page(public_url: str) -> str:
    return f"{public_url.rstrip('/')}/alerts" if public_url else ""
