"""Alerts: what is wrong since when, and the messages that tell people of it.

Several consoles look at the same things and share these tables. So an alert is opened once, whoever
sees it first, and a message is sent by the one that claims it; what it could not deliver is free
again after a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.alert_kinds import AlertEvent, AlertKind, Channel
from ivr.records.alert_tables import Alert, AlertMessage
from ivr.records.back_off import BackOff
from ivr.records.database import Database
from ivr.records.facts import now

BACK_OFF = BackOff(
    claimed=timedelta(minutes=2),
    first=timedelta(seconds=10),
    longest=timedelta(hours=1),
    given_up_after=timedelta(days=1),  # then it says nothing new any more
)


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong now.

    Attributes:
        text, figures: as in `Alert`.
    """

    kind: AlertKind
    subject: str
    text: str
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """An alert with its messages, oldest first."""

    alert: Alert
    messages: Sequence[AlertMessage]


class Alerts:
    """Everything may raise RecordsUnavailable."""

    def __init__(
        self, records: Database, channels: Sequence[Channel] = (), repeat_h: float = 4.0
    ) -> None:
        self._records = records
        self._channels = tuple(channels)
        self._repeat = timedelta(hours=repeat_h)

    async def listed(self, limit: int = 50) -> Sequence[Listed]:
        """Those that are open first, then the newest that are over."""
        query = select(Alert).order_by(Alert.over_at.is_not(None), Alert.alert_id.desc())
        async with self._records.reading() as session:
            alerts = (await session.scalars(query.limit(limit))).all()
            messages = (
                await session.scalars(
                    select(AlertMessage)
                    .where(AlertMessage.alert_id.in_([alert.alert_id for alert in alerts]))
                    .order_by(AlertMessage.message_id)
                )
            ).all()
        return [
            Listed(alert, [sent for sent in messages if sent.alert_id == alert.alert_id])
            for alert in alerts
        ]

    async def open(self) -> Sequence[Alert]:
        """Those that are not over."""
        async with self._records.reading() as session:
            return (await session.scalars(select(Alert).where(Alert.over_at.is_(None)))).all()

    def to_be_told_again(self, alert: Alert) -> bool:
        """Whether people were told so long ago that they are to be told again."""
        return now() - alert.told_at >= self._repeat

    async def raise_(self, wrong: Wrong, since: datetime) -> None:
        """Open it, where it is not open yet; else tell again what is told from time to time."""
        at = now()
        try:
            async with self._records.writing() as session:
                alert = await _open(session, wrong.kind, wrong.subject)
                if alert is None:
                    alert = Alert(kind=wrong.kind, subject=wrong.subject, since=since, told_at=at)
                    event = AlertEvent.RAISED
                    session.add(alert)
                elif self.to_be_told_again(alert):
                    event, alert.told_at = AlertEvent.STILL, at
                else:
                    return
                alert.text, alert.figures = wrong.text, dict(wrong.figures)
                await session.flush()
                self._tell(session, alert, event, at)
        except IntegrityError:
            return  # another console has opened it at the same moment

    async def clear(self, kind: AlertKind, subject: str) -> None:
        """It is over, where it was open. What was not told yet need not be."""
        at = now()
        async with self._records.writing() as session:
            alert = await _open(session, kind, subject)
            if alert is None:
                return
            alert.over_at = at
            await session.execute(
                update(AlertMessage)
                .where(AlertMessage.alert_id == alert.alert_id, AlertMessage.sent_at.is_(None))
                .where(AlertMessage.event == AlertEvent.STILL)
                .values(try_at=None)
            )
            self._tell(session, alert, AlertEvent.OVER, at)

    def _tell(self, session: AsyncSession, alert: Alert, event: AlertEvent, at: datetime) -> None:
        session.add_all(
            AlertMessage(
                alert_id=alert.alert_id,
                channel=channel,
                event=event,
                made_at=at,
                tries=0,
                try_at=at,
                failure="",
            )
            for channel in self._channels
        )

    async def claim(self) -> tuple[AlertMessage, Alert] | None:
        """The oldest message whose time has come, ours to send for a while; None if there is none.

        Of one channel and alert they go in order: nobody hears that it is over before that it was.
        """
        at = now()
        earlier = select(AlertMessage).where(AlertMessage.try_at.is_not(None)).subquery()
        first = select(func.min(earlier.c.message_id)).group_by(
            earlier.c.alert_id, earlier.c.channel
        )
        due = (
            select(AlertMessage)
            .where(AlertMessage.try_at <= at, AlertMessage.message_id.in_(first))
            .order_by(AlertMessage.message_id)
            .limit(1)
        )
        async with self._records.reading() as session:
            if await session.scalar(due) is None:
                return None
        async with self._records.writing() as session:
            message = await session.scalar(due.with_for_update(skip_locked=True))
            if message is None:
                return None
            message.try_at = at + BACK_OFF.claimed
            message.tries += 1
            alert = await session.get_one(Alert, message.alert_id)
        return message, alert

    async def sent(self, message_id: int) -> None:
        """It was delivered."""
        await self._settle(message_id, sent_at=now(), try_at=None, failure="")

    async def failed(self, message: AlertMessage, why: str) -> None:
        """It was not: it is tried again after a pause that doubles, for a day."""
        try_at = BACK_OFF.next_try(message.tries, message.made_at, now())
        await self._settle(message.message_id, try_at=try_at, failure=why[:300])

    async def _settle(self, message_id: int, **values: object) -> None:
        async with self._records.writing() as session:
            await session.execute(
                update(AlertMessage).where(AlertMessage.message_id == message_id).values(**values)
            )


async def _open(session: AsyncSession, kind: AlertKind, subject: str) -> Alert | None:
    return await session.scalar(
        select(Alert)
        .where(Alert.kind == kind, Alert.subject == subject, Alert.over_at.is_(None))
        .with_for_update()
    )


async def purge(session: AsyncSession, before: datetime) -> None:
    """Delete alerts that were over before then, with their messages."""
    old = select(Alert.alert_id).where(Alert.over_at < before)
    await session.execute(delete(AlertMessage).where(AlertMessage.alert_id.in_(old)))
    await session.execute(delete(Alert).where(Alert.over_at < before))
