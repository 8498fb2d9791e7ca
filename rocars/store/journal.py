"""Which channel a request came through, and the journal of what was done through each.

A deed is written down in the transaction that does it. The channel is a context variable, set where
a request comes in, so that the rules beneath are the same for all channels and need not know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from rocars.store.tables.hotline import ChannelEvent

Channel = Literal["telephone", "web", "kiosk", "system", "hotline", "boundary", "office", ""]
"""`system`: a shipper's own; `office`: administration; empty: ROCARS by itself."""
About = Literal["ccrn", "ubr", "user"]
EventDeed = Literal[
    "lodged",
    "amended",
    "withdrawn",
    "bundled",
    "unbundled",
    "logged_in",
    "code_accepted",
    "login_refused",
    "login_locked",
]


@dataclass(frozen=True)
class Through:
    """A channel, and in it the name of the kiosk."""

    channel: Channel = ""
    place: str = ""


_BY_ITSELF = Through()
_THROUGH: ContextVar[Through] = ContextVar("through", default=_BY_ITSELF)


@contextmanager
def through(channel: Channel, place: str = "") -> Iterator[None]:
    """What is done within came through this channel."""
    before = _THROUGH.set(Through(channel, place))
    try:
        yield
    finally:
        _THROUGH.reset(before)


def write_down(
    session: AsyncSession, at: datetime, deed: EventDeed, about: About, subject: str
) -> None:
    """In the transaction of the deed. The subject is a number or a user ID, never a secret."""
    came = _THROUGH.get()
    session.add(
        ChannelEvent(
            done_at=at,
            channel=came.channel,
            place=came.place,
            deed=deed,
            about=about,
            subject=subject[:32],
        )
    )
