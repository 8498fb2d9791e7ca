"""Announcements of the day: made, ended, and for how long they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.announcement_tables import Announcement, AnnouncementKind, AnnouncementPlace
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.prompt_versions import NotAllowed

LONGEST_WORDS = 400
"""Characters in one language: about 40 s in English. Callers wait for all languages."""


@dataclass(frozen=True)
class NewAnnouncement:
    """What somebody wants to be announced.

    Attributes:
        words: by language tag.
        begins: None for at once.
        ends: None where none was given, which is refused.
    """

    kind: AnnouncementKind
    place: AnnouncementPlace
    words: Mapping[str, str]
    begins: datetime | None
    ends: datetime | None


class Announcements:
    """Everything may raise RecordsUnavailable; what changes something may raise NotAllowed."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def newest(self, limit: int = 50) -> Sequence[Announcement]:
        """Newest first, those that are over too."""
        query = select(Announcement).order_by(Announcement.announcement_id.desc()).limit(limit)
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def find(self, announcement_id: int) -> Announcement | None:
        async with self._records.reading() as session:
            return await session.get(Announcement, announcement_id)

    async def to_be_said(self) -> Sequence[Announcement]:
        """Those that are said now or will be, in the order in which callers hear them: what is an
        emergency first, and what closes the service last."""
        query = (
            select(Announcement)
            .where(Announcement.ends_at > now(), Announcement.ended_at.is_(None))
            .order_by(Announcement.announcement_id)
        )
        async with self._records.reading() as session:
            found = (await session.scalars(query)).all()
        return sorted(
            found,
            key=lambda announcement: (
                announcement.place is AnnouncementPlace.CLOSING,
                announcement.kind is not AnnouncementKind.EMERGENCY,
            ),
        )

    async def make(self, by: str, new: NewAnnouncement) -> Announcement:
        """Announce it, from its beginning on."""
        begins = new.begins or now()
        _check(new, begins)
        announcement = Announcement(
            kind=new.kind,
            place=new.place,
            words=dict(new.words),
            begins_at=begins,
            ends_at=new.ends,
            made_by=by,
            made_at=now(),
        )
        async with self._records.writing() as session:
            session.add(announcement)
            await session.flush()
            await audit.note(
                session,
                by,
                "announcement made",
                _name(announcement),
                place=new.place.value,
                begins=begins.isoformat(),
                ends=announcement.ends_at.isoformat(),
                words=dict(new.words),
            )
        return announcement

    async def end(self, by: str, announcement_id: int) -> None:
        """It is said no more, or never, from now on."""
        async with self._records.writing() as session:
            announcement = await session.scalar(
                select(Announcement)
                .where(Announcement.announcement_id == announcement_id)
                .with_for_update()
            )
            if announcement is None:
                raise NotAllowed("there is no such announcement")
            if announcement.ended_at is not None or announcement.ends_at <= now():
                raise NotAllowed("this announcement is over already")
            announcement.ended_by, announcement.ended_at = by, now()
            await audit.note(session, by, "announcement ended", _name(announcement))


async def purge(session: AsyncSession, before: datetime) -> None:
    """Delete what ended before then; the audit log still has the words."""
    await session.execute(delete(Announcement).where(Announcement.ends_at < before))


def _check(new: NewAnnouncement, begins: datetime) -> None:
    """Raises NotAllowed."""
    if new.ends is None:
        raise NotAllowed("an announcement needs an end: a day and time to come")
    if new.ends <= max(begins, now()):
        raise NotAllowed("the end must come after the beginning, and after now")
    if not new.words or not all(new.words.values()):
        raise NotAllowed("the words are needed in every language")
    if any(len(words) > LONGEST_WORDS for words in new.words.values()):
        raise NotAllowed("the words are too long: %(most)d characters at most", most=LONGEST_WORDS)


def _name(announcement: Announcement) -> str:
    return f"announcement {announcement.announcement_id} {announcement.kind.value}"
