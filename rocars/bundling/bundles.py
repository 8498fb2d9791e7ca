"""One bundle as kept: found by UBR, its state now, its receipt, and the release of its cargo."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.messages import BundleReceipt, Crossing
from rocars.refusals import Code, Problem
from rocars.store.journal import write_down
from rocars.store.tables.bundling import Bundle, BundledCargo

State = Literal["live", "unbundled", "crossed", "expired"]
_UBR = re.compile(r"[0-9]{1,20}")


def checked_ubr(ubr: str) -> str:
    """A text that may be a UBR. Raises Problem UNKNOWN_BUNDLE."""
    if not _UBR.fullmatch(ubr):
        raise Problem(Code.UNKNOWN_BUNDLE, ubr)
    return ubr


async def locked_bundle(session: AsyncSession, ubr: str) -> Bundle:
    """Locked until the transaction ends. Raises Problem UNKNOWN_BUNDLE."""
    row = await session.execute(select(Bundle).where(Bundle.ubr == ubr).with_for_update())
    bundle = row.scalar()
    if bundle is None:
        raise Problem(Code.UNKNOWN_BUNDLE, ubr)
    return bundle


def state_of(bundle: Bundle, now: datetime) -> State:
    """The state kept, but a live bundle whose time is over has expired."""
    if bundle.state == "live" and now >= bundle.expires_at:
        return "expired"
    return cast(State, bundle.state)


def require_live(bundle: Bundle, now: datetime) -> None:
    """Raises Problem BUNDLE_NOT_LIVE."""
    if state_of(bundle, now) != "live":
        raise Problem(Code.BUNDLE_NOT_LIVE, bundle.ubr)


def receipt_of(bundle: Bundle, now: datetime) -> BundleReceipt:
    return BundleReceipt(
        ubr=bundle.ubr,
        ccrns=[item.consignment.ccrn for item in bundle.cargo],
        vehicle=bundle.mark,
        bundled_at=bundle.bundled_at,
        crossing=Crossing(immediately=bundle.immediately, at=bundle.cross_from),
        state=state_of(bundle, now),
    )


async def undo(session: AsyncSession, bundle: Bundle, now: datetime) -> None:
    """Unbundle a locked bundle. Raises Problem BUNDLE_NOT_LIVE."""
    require_live(bundle, now)
    bundle.state = "unbundled"
    await release_cargo(session, bundle)
    write_down(session, now, "unbundled", "ubr", bundle.ubr)


async def release_cargo(session: AsyncSession, bundle: Bundle) -> None:
    """Let the cargo of a bundle that lives no longer be bundled anew."""
    await session.execute(
        update(BundledCargo).where(BundledCargo.bundle_id == bundle.id).values(live=False)
    )
