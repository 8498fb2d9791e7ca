"""Looking, again and again, at what may be wrong; opening alerts, and closing them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from ivr.console.alerts.conditions import OF_A_NODE, Seen, expiry, wrong_now
from ivr.console.repeating import repeat
from ivr.console.site import Site
from ivr.observe import metrics
from ivr.records.alert_kinds import AlertKind
from ivr.records.alert_tables import Alert
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day

log = structlog.get_logger(__name__)

Key = tuple[AlertKind, str]


@dataclass
class AlertWatch:
    """Of one node. What was wrong for less than `alerts.after_s` is nobody's concern."""

    site: Site
    _since: dict[Key, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled. Without the database nothing can be opened."""
        every_s = self.site.settings.alerts.every_s
        await repeat(self.look, every_s, "alerts cannot be looked after")

    async def look(self) -> None:
        """Once. Raises RecordsUnavailable."""
        seen = await self._seen()
        rules, alerts = self.site.settings.alerts, self.site.alerts
        wrong = {(found.kind, found.subject): found for found in wrong_now(seen, rules)}
        self._since = {key: self._since.get(key, seen.at) for key in wrong}
        known = {(alert.kind, alert.subject): alert for alert in await alerts.open()}
        for key, found in wrong.items():
            if key in known:
                if alerts.to_be_told_again(known[key]):
                    await alerts.raise_(found, known[key].since)
            elif seen.at - self._since[key] >= timedelta(seconds=rules.after_s):
                log.warning("alert", kind=found.kind.value, what=found.text % found.figures)
                await alerts.raise_(found, self._since[key])
        for key, alert in known.items():
            if key not in wrong and self._is_ours(alert):
                log.info("alert is over", kind=alert.kind.value, subject=alert.subject)
                await alerts.clear(*key)

    def _is_ours(self, alert: Alert) -> bool:
        """Whether this node may say that it is over."""
        here = self.site.settings.node.name
        return alert.kind not in OF_A_NODE or alert.subject == here

    async def _seen(self) -> Seen:
        site, at = self.site, now()
        today = hong_kong_day(at)
        health = site.look()
        missing = sum(language.missing for language in await site.studio.coverage())
        certificate = site.settings.sip.tls.certificate
        if certificate is not None:
            with contextlib.suppress(ValueError):  # which is an alert of its own
                metrics.certificate_expires_seconds.set(expiry(certificate).timestamp())
        metrics.back_end_up.set(int(health.back_end))
        metrics.recordings_missing.set(missing)
        return Seen(
            at=at,
            node=site.settings.node.name,
            health=health,
            missing=missing,
            today=await site.tallies.read(today, today),
            nodes=await site.orders.nodes(),
            certificate=certificate,
        )
