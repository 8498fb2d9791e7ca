"""What the pages of the console share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from ground.processes import WorkProcesses
from ground.web.throttle import Throttle
from ivr.console.health import Health
from ivr.console.oidc_client import OidcClient
from ivr.console.sections import ConsoleSections
from ivr.console.settings import ConsoleSettings
from ivr.handset.admission import Admission
from ivr.records.alerts import Alerts
from ivr.records.announcements import Announcements
from ivr.records.api_tokens import ApiTokens
from ivr.records.call_search import CallSearch
from ivr.records.database import Database
from ivr.records.node_orders import NodeOrders
from ivr.records.passkeys import Passkeys
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.records.provider_accounts import ProviderAccounts
from ivr.records.releases import Releases
from ivr.records.reports import Reports
from ivr.records.second_factor import SecondFactor
from ivr.records.tallies import Tallies
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from ivr.studio.sample import Sample
from prompts.library import Library
from speech.languages.language import Language

LOG_OUTS_PER_MINUTE = 600
"""That are taken from the address of an OpenID provider: a department goes home at one time, and
for each false one the keys of the provider are read anew."""


@dataclass
class Site:
    """One console: its records and its prompts.

    Attributes:
        handset: how the process is entered that calls for people of the console.
        beside: where charts are drawn and recordings measured; whoever made it closes it.
        importing: one set of recordings is taken in at a time: each takes memory and a processor.
    """

    settings: ConsoleSections
    records: Database
    library: Library
    look: Callable[[], Health]
    throttle: Throttle
    handset: Admission
    beside: WorkProcesses
    importing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        rules = self.settings.console
        key = rules.second_factor_key.get_secret_value()
        factor = SecondFactor(key) if key else None
        self.people = People(
            self.records,
            session_h=rules.session_hours,
            idle_min=rules.idle_minutes,
            lockout=rules.lockout.rule,
            from_everywhere=rules.lockout.everywhere,
            second_factor=factor,
        )
        self.passkeys = Passkeys(self.records, factor)
        self.provider = OidcClient(rules.oidc) if rules.oidc.is_on else None
        self.ended_throttle = Throttle(LOG_OUTS_PER_MINUTE)
        self.provider_accounts = ProviderAccounts(self.records)
        self.versions = PromptVersions(self.records)
        self.releases = Releases(self.records)
        alert_rules = self.settings.alerts
        self.alerts = Alerts(self.records, alert_rules.channels, alert_rules.repeat_hours)
        self.reports = Reports(self.records)
        self.announcements = Announcements(self.records)
        self.studio = Studio(self.versions, self.library, self.settings.prompts.recordings)
        self.intake = Intake(self.versions, self.settings.prompts, beside=self.beside.run)
        self.sample = Sample(
            self.library,
            self.published,
            self.settings.prompts,
            self.settings.node.data.resolve() / "synthesised",
        )
        self.tallies = Tallies(self.records)
        self.search = CallSearch(self.records)
        self.orders = NodeOrders(self.records)
        self.tokens = ApiTokens(self.records)
        self.api_throttle = Throttle(rules.api_requests_per_minute)

    @property
    def rules(self) -> ConsoleSettings:
        return self.settings.console

    @property
    def languages(self) -> tuple[Language, ...]:
        """Of callers, in the order offered."""
        return self.settings.flows.languages

    @property
    def published(self) -> Path:
        return self.settings.published_prompts

    async def close(self) -> None:
        await self.sample.close()
        await self.records.close()


BUSY = "The node is overloaded: charts wait until it is not. Callers come first."
"""Said of what takes a processor for long."""

SITE = web.AppKey("site", Site)
