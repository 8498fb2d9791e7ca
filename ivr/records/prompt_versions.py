"""The versions of recordings: draft, reviewed by a second person, live, retired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from ground.refusal import Refusal
from ivr.records import audit
from ivr.records.clip_numbers import ClipNumbers
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.facts import now
from ivr.records.four_eyes import is_second_person
from ivr.records.going_live import (
    live_version,
    release_title,
    retire,
    swap,
    swap_in,
    title_of,
    undo,
    version_before,
)
from ivr.records.prompt_tables import PromptVersion, Release, Source, VersionState

BY_ITSELF = "(schedule)"
"""Who the audit log names for what goes live on its day."""


class NotAllowed(Refusal):
    """This version cannot go that way; it says why."""


@dataclass(frozen=True)
class NewVersion:
    """A recording that came in, mended and measured.

    Attributes:
        clip: name in the recording script, as ``bundle.done--1``.
        words: as written; what is said.
        base_digest: of the words that come with the service.
        sound: FLAC, mono, 8000 Hz.
        batch: the set it came with, which can be undone as one.
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
    batch: str | None = None


class PromptVersions:
    """Everything may raise RecordsUnavailable; what changes a state may raise NotAllowed."""

    def __init__(self, records: Database) -> None:
        self._records = records
        self.numbers = ClipNumbers(records)

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

    async def live_ids(self) -> tuple[frozenset[int], bool]:
        """Ids of what is live, and whether something is due to go live. Read from an index."""
        due = and_(PromptVersion.state == VersionState.REVIEWED, PromptVersion.live_from <= now())
        query = select(PromptVersion.version_id, PromptVersion.state).where(
            or_(PromptVersion.state == VersionState.LIVE, due)
        )
        async with self._records.reading() as session:
            found = [(row[0], row[1]) for row in (await session.execute(query)).all()]
        live = frozenset(version for version, state in found if state is VersionState.LIVE)
        return live, len(live) < len(found)

    async def get(self, version_id: int) -> PromptVersion | None:
        """With its sound."""
        async with self._records.reading() as session:
            found: PromptVersion | None = await session.get(
                PromptVersion, version_id, options=[undefer(PromptVersion.sound)]
            )
            return found

    async def waiting_of(self, author: str, most: int) -> Sequence[PromptVersion]:
        """What somebody has made and callers do not hear yet, newest first, with its sound."""
        waits = PromptVersion.state.in_((VersionState.DRAFT, VersionState.REVIEWED))
        query = (
            select(PromptVersion)
            .where(PromptVersion.made_by == author, waits)
            .options(undefer(PromptVersion.sound))
            .order_by(PromptVersion.version_id.desc())
            .limit(most)
        )
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    # From draft to retired

    async def add(self, by: str, new: NewVersion, *, once: bool = False) -> PromptVersion:
        """A draft.

        `once`: where the very same of the same person waits already, it is that one, and belongs to
        the set that it came with last. A form that was sent twice makes one draft.
        """
        for _ in range(3):  # somebody else may take the same serial at the same time
            try:
                async with self._records.writing() as session:
                    # First the serial: whoever makes the same after this look takes it away.
                    last = await session.scalar(
                        select(func.max(PromptVersion.serial)).where(
                            PromptVersion.language == new.language, PromptVersion.clip == new.clip
                        )
                    )
                    if once and (same := await _the_same(session, by, new)):
                        same.batch = new.batch
                        return same
                    version = PromptVersion(
                        **vars(new),
                        serial=(last or 0) + 1,
                        state=VersionState.DRAFT,
                        made_by=by,
                        made_at=now(),
                    )
                    session.add(version)
                    await session.flush()
                    await audit.note(
                        session, by, "draft made", title_of(version), source=new.source.value
                    )
                return version
            except IntegrityError:
                continue
        raise RecordsUnavailable("a draft could not be numbered")

    async def review(self, by: str, version_id: int) -> PromptVersion:
        """A second person has heard it and finds it right."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.DRAFT)
            if not await is_second_person(session, version.made_by, by):
                raise NotAllowed("a second person reviews: this version is your own")
            version.state = VersionState.REVIEWED
            version.reviewed_by, version.reviewed_at = by, now()
            await audit.note(session, by, "reviewed", title_of(version))
        return version

    async def retire(self, by: str, version_id: int, why: str = "") -> PromptVersion:
        """Not wanted: a draft or a reviewed version is discarded, for good."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.DRAFT, VersionState.REVIEWED)
            retire(version, by)
            await audit.note(session, by, "put away", title_of(version), why=why)
        return version

    async def schedule(self, by: str, version_id: int, live_from: datetime) -> PromptVersion:
        """A reviewed version goes live by itself at that instant."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.REVIEWED)
            version.live_from = live_from
            await audit.note(
                session, by, "scheduled", title_of(version), live_from=live_from.isoformat()
            )
        return version

    async def unschedule(self, by: str, version_id: int) -> PromptVersion:
        """It waits again, for nobody's day."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.REVIEWED)
            if version.live_from is None:
                raise NotAllowed("the version is not scheduled")
            version.live_from = None
            await audit.note(session, by, "schedule taken back", title_of(version))
        return version

    async def undo_batch(self, by: str, batch: str) -> int:
        """Discard all drafts of a set that nobody has reviewed yet; how many those were."""
        async with self._records.writing() as session:
            drafts = (
                await session.scalars(
                    select(PromptVersion)
                    .where(PromptVersion.batch == batch, PromptVersion.state == VersionState.DRAFT)
                    .with_for_update()
                )
            ).all()
            for version in drafts:
                retire(version, by)
            if drafts:
                await audit.note(session, by, "import undone", batch, drafts=len(drafts))
        return len(drafts)

    async def batch_of(self, batch: str) -> Sequence[PromptVersion]:
        """The versions of a set, as they came, without their sound."""
        query = (
            select(PromptVersion)
            .where(PromptVersion.batch == batch)
            .order_by(PromptVersion.version_id)
        )
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def make_live(self, by: str, version_id: int) -> PromptVersion:
        """What was reviewed, or live before, is heard from the next utterance on."""
        async with self._records.writing() as session:
            version = await _held(session, version_id)
            _must_be(version, VersionState.REVIEWED, VersionState.RETIRED)
            if version.state is VersionState.RETIRED and version.was_live_at is None:
                raise NotAllowed("a version that was discarded before its review cannot go live")
            await swap(session, by, version.language, version.clip, version)
        return version

    async def before(self, language: str, clip: str) -> PromptVersion | None:
        """What a roll back would bring: None for what comes with the service."""
        async with self._records.reading() as session:
            live = await live_version(session, language, clip)
            return None if live is None else await version_before(session, live)

    async def roll_back(
        self, by: str, language: str, clip: str, expected: int | None = None
    ) -> PromptVersion | None:
        """To the version that was live before this one; None: to what comes with the service.

        `expected`: id of the version that was said to come back, 0 for none. If it is another one
        by now, nothing is done.
        """
        async with self._records.writing() as session:
            live = await live_version(session, language, clip)
            if live is None:
                raise NotAllowed("what comes with the service is live: there is nothing before it")
            before = await version_before(session, live)
            if expected is not None and expected != (before.version_id if before else 0):
                raise NotAllowed("somebody was quicker: another version is live now")
            await undo(session, live)
            await swap(session, by, language, clip, before, back=True)
        return before

    async def activate_due(self) -> list[str]:
        """Make live what is scheduled for now or before, all of it in one transaction: no node
        plays a release in part. Returns what went live."""
        due = (
            select(PromptVersion)
            .where(PromptVersion.state == VersionState.REVIEWED, PromptVersion.live_from <= now())
            .order_by(PromptVersion.live_from, PromptVersion.version_id)
            .with_for_update()
        )
        async with self._records.writing() as session:
            went = (await session.scalars(due)).all()
            of_releases: defaultdict[int, list[PromptVersion]] = defaultdict(list)
            for version in went:
                if version.release_id is None:
                    await swap(session, BY_ITSELF, version.language, version.clip, version)
                else:
                    of_releases[version.release_id].append(version)
            for release_id, versions in of_releases.items():
                release = await session.get_one(Release, release_id)
                await swap_in(session, BY_ITSELF, versions)
                subject = release_title(release)
                count = len(versions)
                await audit.note(session, BY_ITSELF, "release made live", subject, versions=count)
        return [title_of(version) for version in went]


async def _the_same(session: AsyncSession, by: str, new: NewVersion) -> PromptVersion | None:
    found: PromptVersion | None = await session.scalar(
        select(PromptVersion)
        .where(
            PromptVersion.language == new.language,
            PromptVersion.clip == new.clip,
            PromptVersion.made_by == by,
            PromptVersion.state == VersionState.DRAFT,
            PromptVersion.words == new.words,
            PromptVersion.base_digest == new.base_digest,
            PromptVersion.source == new.source,
            PromptVersion.sound == new.sound,
        )
        .order_by(PromptVersion.version_id.desc())
        .limit(1)
    )
    return found


async def _held(session: AsyncSession, version_id: int) -> PromptVersion:
    version: PromptVersion | None = await session.scalar(
        select(PromptVersion).where(PromptVersion.version_id == version_id).with_for_update()
    )
    if version is None:
        raise NotAllowed("there is no such version")
    return version


def _must_be(version: PromptVersion, *states: VersionState) -> None:
    if version.state not in states:
        raise NotAllowed(
            "the version is %(state)s, not %(expected)s",
            state=version.state.value,
            expected=states[0].value,
        )
