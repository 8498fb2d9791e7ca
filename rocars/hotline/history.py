"""What happened, in order: from what ROCARS holds, and the journal of the channels.

What is older than the journal is told without its channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.by_agents import DoneByAgents, done_with_bundles, done_with_cargo
from rocars.hotline.findings import Happening
from rocars.hotline.subjects import Kind, Subject
from rocars.store.tables.batches import BatchedConsignment
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.cargo import Consignment, ConsignmentChange
from rocars.store.tables.crossing import Passage
from rocars.store.tables.hotline import ChannelEvent, HotlineDeed
from rocars.store.tables.systems import BulkConsignment

DONE = ("unlocked", "unbundled", "texted", "not_sent")
"""What officers do, beside looking."""


async def of_bundles(
    session: AsyncSession, bundles: Sequence[Bundle], listed: int
) -> list[Happening]:
    """Bundled, unbundled, crossed."""
    ubrs = {bundle.ubr for bundle in bundles}
    events = await _events(session, "ubr", ubrs, listed)
    known = {event.subject for event in events if event.deed == "bundled"}
    happenings = [
        _event(event, Subject(Kind.UBR, event.subject))
        for event in events
        if event.channel != "hotline"  # that has a reason: see `of_hotline`
    ]
    for bundle in bundles:
        about = Subject(Kind.UBR, bundle.ubr)
        if bundle.ubr not in known:
            happenings.append(Happening(bundle.bundled_at, "", "", "bundled", about))
        if bundle.crossed_at is not None:
            place = bundle.control_point or ""
            happenings.append(Happening(bundle.crossed_at, "boundary", place, "crossed", about))
    return _signed(happenings, await done_with_bundles(session, ubrs))


async def of_passages(
    session: AsyncSession, marks: set[str], ubrs: set[str] | None, listed: int
) -> list[Happening]:
    """What vehicles were told in their lanes; with `ubrs` only where they came with those."""
    rows = await session.execute(
        select(Passage).where(Passage.mark.in_(marks)).order_by(Passage.id.desc()).limit(listed)
    )
    return [
        _passage(passage)
        for passage in rows.scalars()
        if ubrs is None or ubrs.intersection(passage.ubrs)
    ]


async def of_consignment(session: AsyncSession, lot: Consignment, listed: int) -> list[Happening]:
    """Lodged, amended, withdrawn."""
    events = await _events(session, "ccrn", {lot.ccrn}, listed)
    came = {(event.deed, event.done_at): event for event in events}
    happenings = [_cargo_deed(lot.lodged_at, "lodged", came)]
    in_file = await session.get(BatchedConsignment, lot.id)
    if in_file is not None:
        happenings = [Happening(lot.lodged_at, "file", str(in_file.batch_id), "lodged")]
    elif await session.get(BulkConsignment, lot.id) is not None:
        happenings = [Happening(lot.lodged_at, "system", "", "lodged")]
    changes = await session.execute(
        select(ConsignmentChange).where(ConsignmentChange.consignment_id == lot.id)
    )
    for change in changes.scalars():
        happenings.append(
            _cargo_deed(change.done_at, change.deed, came, items=tuple(change.changes))
        )
    return _signed(happenings, await done_with_cargo(session, lot))


async def of_user(session: AsyncSession, user_id: str, listed: int) -> list[Happening]:
    """Log-ins in all channels, let in or not."""
    return [_event(event) for event in await _events(session, "user", {user_id}, listed)]


async def of_hotline(session: AsyncSession, subjects: Iterable[Subject]) -> list[Happening]:
    """What officers did on request, with their reasons; not what they looked at."""
    wanted: list[ColumnElement[bool]] = [
        (HotlineDeed.kind == subject.kind) & (HotlineDeed.subject == subject.value)
        for subject in subjects
    ]
    rows = await session.execute(
        select(HotlineDeed).where(or_(*wanted), HotlineDeed.deed.in_(DONE))
    )
    return [
        Happening(
            deed.done_at, "hotline", deed.officer, f"{deed.deed}_by_officer", remark=deed.reason
        )
        for deed in rows.scalars()
    ]


def in_order(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    return tuple(sorted(happenings, key=lambda happening: happening.at))


async def _events(
    session: AsyncSession, about: str, subjects: set[str], listed: int
) -> list[ChannelEvent]:
    rows = await session.execute(
        select(ChannelEvent)
        .where(ChannelEvent.about == about, ChannelEvent.subject.in_(subjects))
        .order_by(ChannelEvent.id.desc())
        .limit(listed)
    )
    return list(rows.scalars())[::-1]  # several may be of one instant


def _event(event: ChannelEvent, about: Subject | None = None) -> Happening:
    return Happening(event.done_at, event.channel, event.place, event.deed, about)


def _signed(happenings: Iterable[Happening], by_agents: DoneByAgents) -> list[Happening]:
    """With the agent, where it was one."""
    return [
        replace(happening, agent=by_agents.get((happening.deed, happening.at)))
        for happening in happenings
    ]


def _passage(passage: Passage) -> Happening:
    """What the driver was told; never why: a profile is for nobody's ears."""
    return Happening(passage.changed_at, "boundary", passage.lane, passage.instruction)


def _cargo_deed(
    at: datetime,
    deed: str,
    came: dict[tuple[str, datetime], ChannelEvent],
    *,
    items: tuple[str, ...] = (),
) -> Happening:
    event = came.get((deed, at))
    channel, place = (event.channel, event.place) if event is not None else ("", "")
    return Happening(at, channel, place, deed, items=items)
