"""Releases: sets of versions that go live, wait for their day and are rolled back as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.going_live import release_title, swap_back, swap_in
from ivr.records.prompt_tables import PromptVersion, Release, VersionState
from ivr.records.prompt_versions import NotAllowed


@dataclass(frozen=True)
class Part:
    """A version of a release, and what is live in its place now; None: what came with the
    service."""

    version: PromptVersion
    live: PromptVersion | None


@dataclass(frozen=True)
class Whole:
    """A release with all its parts, in the order of the clips' names."""

    release: Release
    parts: Sequence[Part]

    def count(self, state: VersionState) -> int:
        return sum(part.version.state is state for part in self.parts)

    @property
    def waits(self) -> bool:
        """Something of it has not been live yet, and may be."""
        return self.count(VersionState.REVIEWED) > 0

    @property
    def is_live(self) -> bool:
        """Something of it is heard."""
        return self.count(VersionState.LIVE) > 0

    @property
    def live_from(self) -> datetime | None:
        return next((part.version.live_from for part in self.parts if part.version.live_from), None)


class Releases:
    """Everything may raise RecordsUnavailable; what changes something may raise NotAllowed."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def newest(self, limit: int = 50) -> Sequence[Release]:
        query = select(Release).order_by(Release.release_id.desc()).limit(limit)
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def get(self, release_id: int) -> Whole | None:
        async with self._records.reading() as session:
            release = await session.get(Release, release_id)
            if release is None:
                return None
            versions = await _parts(session, release_id)
            live = {
                (version.language, version.clip): version
                for version in await session.scalars(
                    select(PromptVersion).where(PromptVersion.state == VersionState.LIVE)
                )
            }
        return Whole(
            release,
            [Part(version, live.get((version.language, version.clip))) for version in versions],
        )

    async def gather(self, by: str, name: str, version_ids: Sequence[int]) -> Release:
        """A release of these versions: of each clip the newest that is reviewed and in no other
        release."""
        async with self._records.writing() as session:
            found = await session.scalars(
                select(PromptVersion)
                .where(
                    PromptVersion.version_id.in_(version_ids),
                    PromptVersion.state == VersionState.REVIEWED,
                    PromptVersion.release_id.is_(None),
                )
                .order_by(PromptVersion.version_id)
            )
            newest = {(version.language, version.clip): version for version in found}
            if not newest:
                raise NotAllowed("there is no reviewed version that is in no release yet")
            release = Release(name=name[:200] or "–", made_by=by, made_at=now())
            session.add(release)
            await session.flush()
            for version in newest.values():
                version.release_id = release.release_id
            subject = release_title(release)
            await audit.note(session, by, "release gathered", subject, versions=len(newest))
        return release

    async def make_live(self, by: str, release_id: int) -> int:
        """All of its versions that are reviewed, in one transaction; how many those were."""
        async with self._records.writing() as session:
            release, waiting = await _held(session, release_id, VersionState.REVIEWED)
            await swap_in(session, by, waiting)
            subject = release_title(release)
            await audit.note(session, by, "release made live", subject, versions=len(waiting))
        return len(waiting)

    async def schedule(self, by: str, release_id: int, live_from: datetime | None) -> int:
        """All of them go live by themselves at that instant; None takes it back."""
        async with self._records.writing() as session:
            release, waiting = await _held(session, release_id, VersionState.REVIEWED)
            for version in waiting:
                version.live_from = live_from
            deed = "release scheduled" if live_from else "release: schedule taken back"
            at = {"live_from": live_from.isoformat()} if live_from else {}
            await audit.note(session, by, deed, release_title(release), versions=len(waiting), **at)
        return len(waiting)

    async def roll_back(self, by: str, release_id: int) -> int:
        """In the place of each of its versions that is live comes what was live before it."""
        async with self._records.writing() as session:
            release, live = await _held(session, release_id, VersionState.LIVE)
            for version in live:
                await swap_back(session, by, version)
            subject = release_title(release)
            await audit.note(session, by, "release rolled back", subject, versions=len(live))
        return len(live)


async def _parts(session: AsyncSession, release_id: int) -> Sequence[PromptVersion]:
    return (
        await session.scalars(
            select(PromptVersion)
            .where(PromptVersion.release_id == release_id)
            .order_by(PromptVersion.language, PromptVersion.clip)
        )
    ).all()


async def _held(
    session: AsyncSession, release_id: int, state: VersionState
) -> tuple[Release, Sequence[PromptVersion]]:
    """The release, locked, and its versions in this state. Raises NotAllowed if there are none."""
    release = await session.scalar(
        select(Release).where(Release.release_id == release_id).with_for_update()
    )
    if release is None:
        raise NotAllowed("there is no such release")
    versions = [version for version in await _parts(session, release_id) if version.state is state]
    if not versions:
        raise NotAllowed("nothing of the release is %(state)s", state=state.value)
    return release, versions
