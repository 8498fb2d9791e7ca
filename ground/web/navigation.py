"""What a page module declares: its routes, and its entry in the navigation of the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import web

RoleT = TypeVar("RoleT")


@dataclass(frozen=True)
class Entry(Generic[RoleT]):
    """A link that stands on every page, for those who may do what `needed` may.

    Args:
        name: in English; translated where it is shown.
    """

    path: str
    name: str
    needed: RoleT


@dataclass(frozen=True)
class PageModule(Generic[RoleT]):
    """One module of pages. Without an entry it is reached from other pages only."""

    routes: Callable[[], Sequence[web.RouteDef]]
    entries: tuple[Entry[RoleT], ...] = ()


def entries_of(modules: Iterable[PageModule[RoleT]]) -> tuple[Entry[RoleT], ...]:
    """All entries, in the order of the modules."""
    return tuple(entry for module in modules for entry in module.entries)
