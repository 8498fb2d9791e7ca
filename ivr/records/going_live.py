"""What of a clip is live: one version takes the place of another, or of what was shipped.

All of it happens in the transaction of who notes it down.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.facts import now
from ivr.records.prompt_tables import PromptVersion, Release, VersionState, WentLive


async def live_version(session: AsyncSession, language: str, clip: str) -> PromptVersion | None:
    found: PromptVersion | None = await session.scalar(
        select(PromptVersion).where(
            PromptVersion.language == language,
            PromptVersion.clip == clip,
            PromptVersion.state == VersionState.LIVE,
        )
    )
    return found


async def _place_of(session: AsyncSession, live: PromptVersion) -> int:
    """Where what is live stands in the order in which versions went live; 0 for nowhere."""
    place = await session.scalar(
        select(func.max(WentLive.went_id)).where(
            WentLive.version_id == live.version_id, WentLive.undone.is_(False)
        )
    )
    return place or 0


async def version_before(session: AsyncSession, live: PromptVersion) -> PromptVersion | None:
    """What was live before `live` and was not rolled back from, if it says what it should."""
    found: PromptVersion | None = await session.scalar(
        select(PromptVersion)
        .join(WentLive, WentLive.version_id == PromptVersion.version_id)
        .where(
            WentLive.language == live.language,
            WentLive.clip == live.clip,
            WentLive.undone.is_(False),
            WentLive.went_id < await _place_of(session, live),
            PromptVersion.version_id != live.version_id,
            PromptVersion.base_digest == live.base_digest,
        )
        .order_by(WentLive.went_id.desc())
        .limit(1)
    )
    return found


async def undo(session: AsyncSession, live: PromptVersion) -> None:
    """That it went live this time is not gone back to."""
    place = await _place_of(session, live)
    await session.execute(update(WentLive).where(WentLive.went_id == place).values(undone=True))


async def swap_in(session: AsyncSession, by: str, versions: Sequence[PromptVersion]) -> None:
    """Make these live, each of another clip, in the transaction of who notes it down."""
    clips = {(version.language, version.clip) for version in versions}
    live = await session.scalars(
        select(PromptVersion).where(PromptVersion.state == VersionState.LIVE)
    )
    for before in live:
        if (before.language, before.clip) in clips:
            retire(before, by)
    await session.flush()  # two must never be live, not even within a transaction
    for version in versions:
        _go_live(session, version)


async def swap_back(session: AsyncSession, by: str, live: PromptVersion) -> None:
    """In its place comes what was live before, in the transaction of who notes it down."""
    before = await version_before(session, live)
    await undo(session, live)
    retire(live, by)
    await session.flush()
    if before is not None:
        _go_live(session, before, back=True)


def _go_live(session: AsyncSession, version: PromptVersion, *, back: bool = False) -> None:
    version.state = VersionState.LIVE
    version.was_live_at, version.live_from = now(), None
    version.retired_by = version.retired_at = None
    if not back:
        session.add(
            WentLive(language=version.language, clip=version.clip, version_id=version.version_id)
        )


async def swap(
    session: AsyncSession,
    by: str,
    language: str,
    clip: str,
    next_one: PromptVersion | None,
    *,
    back: bool = False,
) -> None:
    before = await live_version(session, language, clip)
    if before is not None:
        retire(before, by)
        await session.flush()  # two must never be live, not even within a transaction
    if next_one is not None:
        _go_live(session, next_one, back=back)
    await audit.note(
        session,
        by,
        "rolled back" if back else "made live",
        f"{language} {clip}",
        version=next_one.serial if next_one else "as shipped",
        before=before.serial if before else "as shipped",
    )


def retire(version: PromptVersion, by: str) -> None:
    version.state, version.live_from = VersionState.RETIRED, None
    version.retired_by, version.retired_at = by, now()


def title_of(version: PromptVersion) -> str:
    return f"{version.language} {version.clip} version {version.serial}"


def release_title(release: Release) -> str:
    return f"release {release.release_id} {release.name}"
