"""The versions of recordings: draft, reviewed by a second person, live, retired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from ivr.records import audit
from ivr.records.console_tables import ClipNumber, PromptVersion, Source, VersionState
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.facts import now

FIRST_NUMBER = 1001


class NotAllowed(ValueError):
    """This version cannot go that way; the text says why."""


@dataclass(frozen=True)
class NewVersion:
    """A recording that came in, mended and measured.

    Attributes:
        clip: name in the recording script, as ``bundle.done--1``.
        words: as written; what is said.
        base_digest: of the words that come with the service.
        sound: FLAC, mono, 8000 Hz.
    """

    language: str
    clip: str
    words: str
    base_digest: str
    sound: bytes
    seconds: float
    raw_lufs: float | None
    source: Source
    note: str = ""


class PromptVersions:
    """Everything may raise RecordsUnavailable; what changes a state may raise NotAllowed."""

    def __init__(self, records: Database) -> None:
        self._records = records

    # Reading

    async def of_clip(self, language: str, clip: str) -> Sequence[PromptVersion]:
        """Newest first, without their sound."""
        query = (
            select(PromptVersion)
            .where(PromptVersion.language == language, PromptVersion.clip == clip)
            .order_by(PromptVersion.serial.desc())
        )
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def in_state(self, *states: VersionState) -> Sequence[PromptVersion]:
        """Of all clips, oldest first, without their sound."""
        query = (
            select(PromptVersion)
            .where(PromptVersion.state.in_(states))
            .order_by(PromptVersion.version_id)
        )
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def heard(self) -> tuple[frozenset[int], bool]:
        """Ids of what is live, and whether something is due to go live. Read from an index."""
        due = and_(PromptVersion.state == VersionState.REVIEWED, PromptVersion.live_from <= now())
        query = select(PromptVersion.version_id, PromptVersion.state).where(
            or_(PromptVersion.state == VersionState.LIVE, due)
        )
        async with self._records.reading() as session:
            found = [(row[0], row[1]) for row in (await session.execute(query)).all()]
        live = frozenset(version for version, state in found if state is VersionState.LIVE)
        return live, len(live) < len(found)

    async def one(self, version_id: int) -> PromptVersion | None:
        """With its sound."""
        async with self._records.reading() as session:
            found: PromptVersion | None = await session.get(
                PromptVersion, version_id, options=[undefer(PromptVersion.sound)]
            )
            return found

    # From draft to retired

    async def add(self, by: str, new: NewVersion) -> PromptVersion:
        """A draft."""
        for _ in range(3):  # somebody else may take the same serial at the same time
            try:
                async with self._records.writing() as session:
                    last = await session.scalar(
                        select(func.max(PromptVersion.serial)).where(
                            PromptVersion.language == new.language, PromptVersion.clip == new.clip
                        )
                    )
                    version = PromptVersion(
                        **vars(new),
                        serial=(last or 0) + 1,
                        state=VersionState.DRAFT,
                        made_by=by,
                        made_at=now(),
                    )
                    session.add(version)
                    await session.flush()
                    audit.note(session, by, "draft made", _name(version), source=new.source.value)
                return version
            except IntegrityError:
                continue
        raise RecordsUnavailable("a draft could not be numbered")

    async def review(self, by: str, version_id: int) -> PromptVersion:
        """A second person has heard it and finds it right."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.DRAFT)
            if version.made_by == by:
                raise NotAllowed("a second person reviews: this version is your own")
            version.state = VersionState.REVIEWED
            version.reviewed_by, version.reviewed_at = by, now()
            audit.note(session, by, "reviewed", _name(version))
        return version

    async def retire(self, by: str, version_id: int, why: str = "") -> PromptVersion:
        """Not wanted: a draft or a reviewed version is put away, for good."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.DRAFT, VersionState.REVIEWED)
            _retire(version, by)
            audit.note(session, by, "put away", _name(version), why=why)
        return version

    async def schedule(self, by: str, version_id: int, live_from: datetime) -> PromptVersion:
        """A reviewed version goes live by itself at that instant."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.REVIEWED)
            version.live_from = live_from
            audit.note(session, by, "scheduled", _name(version), live_from=live_from.isoformat())
        return version

    async def make_live(self, by: str, version_id: int) -> PromptVersion:
        """What was reviewed, or live before, is heard from the next utterance on."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.REVIEWED, VersionState.RETIRED)
            if version.state is VersionState.RETIRED and version.was_live_at is None:
                raise NotAllowed("a version that was put away unreviewed cannot go live")
            await _swap(session, by, version.language, version.clip, version)
        return version

    async def roll_back(self, by: str, language: str, clip: str) -> PromptVersion | None:
        """To the version that was live before this one; None: to what comes with the service."""
        async with self._records.writing() as session:
            live = await _live(session, language, clip)
            if live is None:
                raise NotAllowed("what comes with the service is live: there is nothing before it")
            before: PromptVersion | None = await session.scalar(
                select(PromptVersion)
                .where(
                    PromptVersion.language == language,
                    PromptVersion.clip == clip,
                    PromptVersion.serial < live.serial,
                    PromptVersion.was_live_at.is_not(None),
                    PromptVersion.base_digest == live.base_digest,
                )
                .order_by(PromptVersion.serial.desc())
                .limit(1)
            )
            await _swap(session, by, language, clip, before)
        return before

    async def activate_due(self) -> list[str]:
        """Make live what is scheduled for now or before; returns what went live."""
        async with self._records.reading() as session:
            due = (
                await session.scalars(
                    select(PromptVersion)
                    .where(
                        PromptVersion.state == VersionState.REVIEWED,
                        PromptVersion.live_from <= now(),
                    )
                    .order_by(PromptVersion.live_from, PromptVersion.version_id)
                )
            ).all()
        went = []
        for one in due:
            try:
                version = await self.make_live("(schedule)", one.version_id)
            except NotAllowed:
                continue  # another node was quicker, or somebody put it away
            went.append(_name(version))
        return went

    # Numbers on the telephone

    async def number(self, clips: Iterable[str]) -> dict[str, int]:
        """The number of every clip; those that have none get the next ones, for good."""
        async with self._records.writing() as session:
            # Nodes that start together all come here. SQLite has one writer at a time anyway.
            if session.get_bind().dialect.name == "postgresql":
                await session.execute(text("LOCK TABLE clip_numbers IN EXCLUSIVE MODE"))
            known = {one.clip: one.number for one in await session.scalars(select(ClipNumber))}
            following = max(known.values(), default=FIRST_NUMBER - 1) + 1
            for clip in clips:
                if clip not in known:
                    known[clip] = following
                    session.add(ClipNumber(clip=clip, number=following))
                    following += 1
        return known


async def _held(session: AsyncSession, version_id: int) -> PromptVersion:
    version: PromptVersion | None = await session.scalar(
        select(PromptVersion).where(PromptVersion.version_id == version_id).with_for_update()
    )
    if version is None:
        raise NotAllowed("there is no such version")
    return version


def _must_be(version: PromptVersion, *states: VersionState) -> None:
    if version.state not in states:
        expected = " or ".join(states)
        raise NotAllowed(f"the version is {version.state}, not {expected}")


async def _live(session: AsyncSession, language: str, clip: str) -> PromptVersion | None:
    found: PromptVersion | None = await session.scalar(
        select(PromptVersion).where(
            PromptVersion.language == language,
            PromptVersion.clip == clip,
            PromptVersion.state == VersionState.LIVE,
        )
    )
    return found


async def _swap(
    session: AsyncSession, by: str, language: str, clip: str, next_one: PromptVersion | None
) -> None:
    before = await _live(session, language, clip)
    if before is not None:
        _retire(before, by)
        await session.flush()  # two must never be live, not even within a transaction
    if next_one is not None:
        next_one.state = VersionState.LIVE
        next_one.was_live_at, next_one.live_from = now(), None
        next_one.retired_by = next_one.retired_at = None
    audit.note(
        session,
        by,
        "made live",
        f"{language} {clip}",
        version=next_one.serial if next_one else "as shipped",
        before=before.serial if before else "as shipped",
    )


def _retire(version: PromptVersion, by: str) -> None:
    version.state, version.live_from = VersionState.RETIRED, None
    version.retired_by, version.retired_at = by, now()


def _name(version: PromptVersion) -> str:
    return f"{version.language} {version.clip} version {version.serial}"
