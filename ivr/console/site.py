"""What the pages of the console share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from ivr.console.door.throttle import Throttle
from ivr.console.health import Health
from ivr.console.settings import ConsoleSettings
from ivr.records.call_search import CallSearch
from ivr.records.database import Database
from ivr.records.node_orders import NodeOrders
from ivr.records.people import People, Visitor
from ivr.records.prompt_versions import PromptVersions
from ivr.records.tallies import Tallies
from ivr.settings import Settings
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from ivr.studio.sample import Sample
from prompts.library import Library


@dataclass
class Notice:
    """Something told once, on the next page."""

    text: str
    bad: bool = False


@dataclass
class Site:
    """One console: its records, its prompts, and what its pages tell next."""

    settings: Settings
    records: Database
    library: Library
    look: Callable[[], Health]
    throttle: Throttle
    notices: dict[str, list[Notice]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        rules = self.settings.console
        self.people = People(
            self.records, session_h=rules.session_hours, idle_min=rules.idle_minutes
        )
        self.versions = PromptVersions(self.records)
        self.studio = Studio(self.versions, self.library, self.settings.prompts.recordings)
        self.intake = Intake(self.versions, self.settings.prompts)
        self.sample = Sample(
            self.library,
            self.published,
            self.settings.prompts,
            self.settings.node.data.resolve() / "synthesised",
        )
        self.tallies = Tallies(self.records)
        self.search = CallSearch(self.records)
        self.orders = NodeOrders(self.records)

    @property
    def rules(self) -> ConsoleSettings:
        return self.settings.console

    @property
    def published(self) -> Path:
        return self.settings.published_prompts

    async def close(self) -> None:
        await self.sample.close()
        await self.records.close()

    def tell(self, visitor: Visitor, text: str, *, bad: bool = False) -> None:
        """Have it said on the next page this visitor sees."""
        self.notices[visitor.csrf].append(Notice(text, bad))

    def told(self, visitor: Visitor) -> list[Notice]:
        """What is to be said now; it is not said again."""
        return self.notices.pop(visitor.csrf, [])


SITE = web.AppKey("site", Site)
