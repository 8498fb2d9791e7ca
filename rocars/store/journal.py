"""Which channel a request came through, and the journal of what was done through each.

A deed is written down in the transaction that does it. The channel is a context variable, set where
a request comes in, so that the rules beneath are the same for all channels and need not know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from rocars.store.tables.applications import AgentDeed
from rocars.store.tables.hotline import ChannelEvent

Channel = Literal["telephone", "web", "kiosk", "system", "hotline", "boundary", "office", ""]
"""`system`: a shipper's own; `office`: administration; empty: ROCARS by itself."""
About = Literal["ccrn", "ubr", "user"]
AgentsAbout = Literal["ccrn", "ubr", "user", "file", "msg"]
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
class Agent:
    """Somebody who acts for a client: under which agency, and their own user ID, or the ID of the
    key that was presented."""

    agency: int
    user_id: str


@dataclass(frozen=True)
class Through:
    """A channel, in it the name of the kiosk, and the agent where it is done for a client."""

    channel: Channel = ""
    place: str = ""
    agent: Agent | None = None


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


def by_agent(agency: int, user_id: str) -> None:
    """What is done from now on, within the channel, an agent does for a client."""
    _THROUGH.set(replace(_THROUGH.get(), agent=Agent(agency, user_id)))


@contextmanager
def for_client(agency: int, user_id: str) -> Iterator[None]:
    """What is done within, an agent does for a client."""
    before = _THROUGH.set(replace(_THROUGH.get(), agent=Agent(agency, user_id)))
    try:
        yield
    finally:
        _THROUGH.reset(before)


def acting_under() -> int | None:
    """The agency under which an agent acts for a client here; None when nobody does."""
    agent = _THROUGH.get().agent
    return agent.agency if agent is not None else None


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
    write_down_for_client(session, at, deed, about, subject)


def write_down_for_client(
    session: AsyncSession,
    at: datetime,
    deed: EventDeed | Literal["sent"],
    about: AgentsAbout,
    subject: str,
) -> None:
    """The same for client and agent alone, where an agent acts; otherwise nothing."""
    agent = _THROUGH.get().agent
    if agent is not None:
        session.add(
            AgentDeed(
                agency_id=agent.agency,
                done_at=at,
                user_id=agent.user_id,
                deed=deed,
                about=about,
                subject=subject[:32],
            )
        )
