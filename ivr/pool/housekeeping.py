"""What a node does beside its calls: publishes recordings, passes orders on, counts, forgets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import setproctitle
import structlog

from ivr.observe import metrics
from ivr.pool.premises import Premises
from ivr.records import audit
from ivr.records.call_book import CallBook
from ivr.records.console_tables import NodeState, OrderKind
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.facts import now
from ivr.records.node_orders import NodeOrders
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.records.tallies import Tallies
from ivr.studio.publication import NotPublished, publish
from prompts import live

log = structlog.get_logger(__name__)

ORDERS_EVERY_S = 0.5
PROMPTS_EVERY_S = 1.0
SAY_EVERY_S = 5.0
COUNT_EVERY_S = 60.0
FORGET_EVERY_S = 3600.0


def run_housekeeping(premises: Premises) -> int:
    """Keep house until SIGTERM. Runs in a forked child; returns its exit status."""
    setproctitle.setproctitle("rocars-ivr: housekeeping")
    return asyncio.run(_keep_house(premises))


async def _keep_house(premises: Premises) -> int:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    records = Database(premises.settings.records_url, premises.settings.records)
    house = Housekeeping(premises, records)
    chores = asyncio.gather(
        _every(ORDERS_EVERY_S, house.pass_orders_on),
        _every(PROMPTS_EVERY_S, house.publish_prompts),
        _every(SAY_EVERY_S, house.say_how_we_are),
        _every(COUNT_EVERY_S, house.count_calls),
        _every(FORGET_EVERY_S, house.forget_what_is_old),
    )
    await told.wait()
    chores.cancel()
    await asyncio.gather(chores, return_exceptions=True)
    await records.close()
    return 0


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again; what fails is said once until it works again."""
    failing = ""
    while True:
        try:
            await chore()
            if failing:
                log.warning("works again", chore=chore.__name__)
            failing = ""
        except (RecordsUnavailable, NotPublished) as failure:
            if str(failure) != failing:
                log.error("left undone", chore=chore.__name__, why=str(failure))
            failing = str(failure)
            metrics.chores_failed_total.labels(chore=chore.__name__).inc()
        except Exception as fault:  # a fault of ours in one chore must not end the others
            if str(fault) != failing:
                log.exception("left undone", chore=chore.__name__)
            failing = str(fault)
            metrics.chores_failed_total.labels(chore=chore.__name__).inc()
        await asyncio.sleep(seconds)


class Housekeeping:
    """The chores of one node, each to be done now and then. All may raise RecordsUnavailable."""

    def __init__(self, premises: Premises, records: Database) -> None:
        self._settings = premises.settings
        self._scoreboard = premises.scoreboard
        self._records = records
        self._orders = NodeOrders(records)
        self._versions = PromptVersions(records)
        operators = premises.settings.flows.recording_numbers
        self._tallies = Tallies(records, leave_out=operators)
        self._published = premises.settings.published_prompts
        self._heard: frozenset[int] | None = None

    async def pass_orders_on(self) -> None:
        """Tell supervisor and workers what people at a console, here or elsewhere, want."""
        node = self._settings.node.name
        if not await self._orders.any_for(node):
            return
        for order in await self._orders.take_for_node(node):
            log.warning("ordered from the console", order=order.kind.value, who=order.who)
            match order.kind:
                case OrderKind.CLOSE | OrderKind.OPEN:
                    self._scoreboard.wish_closed(order.kind is OrderKind.CLOSE)
                case OrderKind.RECYCLE:
                    if order.subject.isdecimal() and int(order.subject) < self._scoreboard.slots:
                        self._scoreboard.wish_replaced(int(order.subject))
        for slot in await self._orders.slots_with_orders(node):
            if slot < self._scoreboard.slots:
                self._scoreboard.ring(slot)

    async def publish_prompts(self) -> None:
        """Activate what is scheduled, and bring what is live to this node. Raises NotPublished."""
        heard, due = await self._versions.heard()
        if due:
            for name in await self._versions.activate_due():
                log.info("a scheduled recording is live", version=name)
            heard, _ = await self._versions.heard()
        elif heard == self._heard and not live.unpublished(self._published, heard):
            return
        await publish(self._versions, self._published)
        self._heard = heard  # read before: what has changed since is published next time

    async def say_how_we_are(self) -> None:
        """For the consoles of other nodes."""
        board = self._scoreboard
        workers = [
            {
                "slot": row.slot,
                "state": row.state.name.lower(),
                "pid": row.pid,
                "lines": row.capacity,
                "active": row.active,
                "taken": row.taken,
            }
            for row in board.rows()
        ]
        await self._orders.say(
            NodeState(
                node=self._settings.node.name,
                at=now(),
                lines=board.lines,
                active=board.active,
                front_up=board.front_up,
                closed=board.closed or board.draining,
                workers=workers,
            )
        )

    async def count_calls(self) -> None:
        """Bring the counts of the charts up to date."""
        for day in await self._tallies.due():
            await self._tallies.count(day)

    async def forget_what_is_old(self) -> None:
        """Delete what is older than the settings allow to keep."""
        kept = self._settings.records
        await People(self._records).purge_sessions()
        await self._orders.purge()
        async with self._records.writing() as session:
            gone = await audit.purge(session, kept.console_audit_days)
        book = CallBook(self._settings.records_url, kept, metrics.MeteredRecords())
        try:
            gone += await book.purge(
                now() - timedelta(kept.retention_days),
                audit_before=now() - timedelta(kept.bundle_audit_days),
            )
        finally:
            await book.shut()
        if gone:
            log.info("old records deleted", count=gone)
        heard, _ = await self._versions.heard()
        live.tidy(self._published, heard)
