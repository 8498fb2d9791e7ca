"""What a node does beside its calls: publishes recordings, passes on commands, counts, deletes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial

import setproctitle
import structlog

from ground.database.changes import Changes
from ivr.call.hotline_calendar import HotlineCalendar
from ivr.node.audit_export import AuditExport
from ivr.node.children import LEAVE_S, end_within, is_worker, tell
from ivr.node.chores import Patience, every
from ivr.node.deletion import DELETE_EVERY_S, Deletion
from ivr.node.expired_recordings import ExpiredRecordings
from ivr.node.rocars_clock import rocars_clock
from ivr.node.shared import SharedState
from ivr.observe import metrics
from ivr.observe.strain import Strain
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.records import announcements
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.facts import now
from ivr.records.node_name import holder_on, leave_name
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import NodeState, OrderKind
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.records.retention import Retention
from ivr.records.tallies import Tallies
from ivr.studio.announcing import Announcing
from ivr.studio.publication import publish
from prompts import live
from prompts.stand_in import StandIns

log = structlog.get_logger("ivr.node.housekeeping")

ORDERS_EVERY_S = 0.5
PROMPTS_EVERY_S = 1.0
ANNOUNCE_EVERY_S = 1.0
SAY_EVERY_S = 0.5
SAY_AGAIN_EVERY_S = 5.0
"""Published again although nothing has changed, so that consoles see that the node is alive."""
EXPORT_EVERY_S = 2.0
READ_ANYWAY_S = 60.0
"""The records are read so often although they have not changed."""
DUE_EVERY_S = 10.0
"""The same for what is scheduled, and becomes due."""
COUNT_EVERY_S = 60.0
DISK_EVERY_S = 2.0
HOTLINE_EVERY_S = 2.0
LOST_EVERY_S = 60.0
ROOM_BYTES = 1 << 20
"""With less room on its disk a node reports that the disk is full."""


def run_housekeeping(shared: SharedState) -> int:
    """Run the chores until SIGTERM. Runs in a forked child; returns its exit status."""
    setproctitle.setproctitle("rocars-ivr: housekeeping")
    return asyncio.run(_run_chores(shared))


async def _run_chores(shared: SharedState) -> int:
    stop_requested = asyncio.Event()
    supervisor = os.getppid()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)
    records = Database(shared.settings.records_url, shared.settings.records)
    board = shared.scoreboard
    changes = Changes(shared.settings.records_url)
    housekeeping = Housekeeping(
        shared,
        records,
        changes=changes,
        wake_supervisor=partial(_wake_supervisor, supervisor),
    )

    def after_changes(at_most_s: float = READ_ANYWAY_S) -> Callable[[], bool]:
        return changes.seen_by(at_most_s)

    chores = asyncio.gather(
        every(ORDERS_EVERY_S, housekeeping.pass_orders_on, if_due=after_changes()),
        every(
            PROMPTS_EVERY_S,
            housekeeping.publish_prompts,
            Patience(board, Strain.OVERLOADED, 60.0),
            if_due=after_changes(DUE_EVERY_S),
        ),
        every(
            ANNOUNCE_EVERY_S, housekeeping.publish_announcements, if_due=after_changes(DUE_EVERY_S)
        ),
        every(SAY_EVERY_S, housekeeping.publish_node_state),
        every(EXPORT_EVERY_S, housekeeping.export_audit, if_due=after_changes()),
        every(DISK_EVERY_S, housekeeping.look_at_disk),
        every(HOTLINE_EVERY_S, housekeeping.look_at_hotline_hours),
        every(LOST_EVERY_S, housekeeping.close_lost_calls),
        every(COUNT_EVERY_S, housekeeping.count_calls, Patience(board, Strain.PRESSED, 900.0)),
        every(
            DELETE_EVERY_S, housekeeping.purge_expired, Patience(board, Strain.PRESSED, 6 * 3600.0)
        ),
        every(
            DELETE_EVERY_S,
            housekeeping.delete_recordings,
            Patience(board, Strain.PRESSED, 6 * 3600.0),
        ),
    )
    await stop_requested.wait()
    end_within(LEAVE_S)
    chores.cancel()
    await asyncio.gather(chores, return_exceptions=True)
    await housekeeping.close()
    changes.close()
    if os.getppid() == supervisor:  # otherwise it was killed, and workers may go on without it
        with contextlib.suppress(RecordsUnavailable):
            await leave_name(records, shared.settings.node.name, housekeeping.holder)
    await records.close()
    return 0


def _wake_supervisor(pid: int) -> None:
    """Have it look at the scoreboard at once, if it still runs."""
    if os.getppid() == pid:
        tell(pid, signal.SIGUSR1)


class Housekeeping:
    """The chores of one node, each run now and then. All may raise RecordsUnavailable."""

    def __init__(
        self,
        shared: SharedState,
        records: Database,
        retention: Retention | None = None,
        changes: Changes | None = None,
        wake_supervisor: Callable[[], None] = lambda: None,
    ) -> None:
        self._changes = changes
        self._wake_supervisor = wake_supervisor
        self._settings = shared.settings
        self._scoreboard = shared.scoreboard
        self._records = records
        self._orders = NodeOrders(records)
        self._versions = PromptVersions(records)
        operators = shared.settings.flows.recording_numbers
        self._tallies = Tallies(records, leave_out=operators)
        self._published = shared.settings.published_prompts
        made = shared.settings.node.data.resolve() / "synthesised"
        self._announcing = Announcing(
            announcements.Announcements(records),
            self._published,
            StandIns(shared.settings.prompts, made),
        )
        self._published_ids: frozenset[int] | None = None
        self._how: dict[str, object] = {}
        self._how_at = 0.0
        target = shared.settings.console.audit_syslog
        remembered = shared.settings.node.data.resolve() / "audit-exported"
        self._export = AuditExport(records, target, remembered) if target else None
        rules = shared.settings.flows
        self._calendar = (
            HotlineCalendar(rules.hotline_hours, rules.hotline_holidays)
            if rules.hotline_hours or rules.hotline_holidays
            else None
        )
        self._retention = retention or Retention(
            records, shared.settings.records, rocars_clock=partial(rocars_clock, shared)
        )
        self._deletion = Deletion(shared.settings, records, self._retention, self._say_once)
        self._expired_recordings = ExpiredRecordings(
            RecordedCalls(shared.settings.recorded_calls),
            shared.settings.call_recording.keep_days,
            self._retention.why_wait,
        )
        self._last_doubt = ""
        self.holder = holder_on(shared.settings.node.data.resolve(), os.getppid())

    async def pass_orders_on(self) -> None:
        """Pass the commands of operators at any console on to supervisor and workers."""
        node = self._settings.node.name
        if not await self._orders.any_for(node):
            return
        for order in await self._orders.take_for_node(node):
            log.warning("ordered from the console", order=order.kind.value, who=order.who)
            match order.kind:
                case OrderKind.CLOSE | OrderKind.OPEN:
                    self._scoreboard.request_closed(order.kind is OrderKind.CLOSE)
                case OrderKind.RECYCLE:
                    if order.subject.isdecimal() and int(order.subject) < self._scoreboard.slots:
                        self._scoreboard.request_replacement(int(order.subject))
            self._wake_supervisor()
        for slot in await self._orders.slots_with_orders(node):
            if slot < self._scoreboard.slots:
                self._scoreboard.signal_commands(slot)

    async def publish_prompts(self) -> None:
        """Activate scheduled recordings, and copy all live ones to this node. Raises
        NotPublished."""
        live_ids, due = await self._versions.live_ids()
        if due and (doubt := await self._retention.clock_doubt()):
            self._say_once(f"a scheduled recording waits: {doubt}")
            due = False
        if due:
            for name in await self._versions.activate_due():
                log.info("a scheduled recording is live", version=name)
            live_ids, _ = await self._versions.live_ids()
        elif live_ids == self._published_ids and not live.unpublished(self._published, live_ids):
            return
        await publish(self._versions, self._published)
        self._published_ids = live_ids  # read before publishing: later changes come next time

    async def publish_announcements(self) -> None:
        """Copy the announcements of the day to this node. Raises NotPublished."""
        await self._announcing.publish()

    async def close(self) -> None:
        """Close the voice that spoke announcements."""
        await self._announcing.close()

    async def publish_node_state(self) -> None:
        """Publish this node's state for consoles, at once after a change; it also shows that the
        node's name is taken."""
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
        how: dict[str, object] = {
            "lines": board.lines,
            "active": board.active,
            "front_up": board.front_up,
            "closed": board.closed or board.draining,
            "overload": board.verdict.cause.name.lower() if board.verdict.overloaded else "",
            "workers": workers,
            "holder": self.holder.identity,
            "whereabouts": self.holder.whereabouts,
        }
        at = asyncio.get_running_loop().time()
        if how == self._how and at - self._how_at < SAY_AGAIN_EVERY_S:
            return
        # To the chores here a pulse is no change, for which they would read the records.
        pulse = NodeOrders.pulse(self._settings.node.name)
        if how == self._how and self._changes is not None and self._changes.write(pulse):
            self._how_at = at
            return
        await self._orders.say(NodeState(node=self._settings.node.name, at=now(), **how))
        self._how, self._how_at = how, at

    async def export_audit(self) -> None:
        """Send new entries of the audit log to syslog, if one is configured. Raises NotSent."""
        if self._export is not None:
            await self._export.send_new()

    async def count_calls(self) -> None:
        """Bring the counts of the charts up to date."""
        for day in await self._tallies.due():
            await self._tallies.count(day)

    async def purge_expired(self) -> None:
        """Delete what is older than the settings allow."""
        console = self._settings.console
        people = People(
            self._records, session_h=console.session_hours, idle_min=console.idle_minutes
        )
        await people.purge_sessions()
        await self._orders.purge()
        await self._deletion.run()
        live_ids, _ = await self._versions.live_ids()
        live.tidy(self._published, live_ids)

    async def delete_recordings(self) -> None:
        """Delete recordings of calls that have been kept long enough. Raises OSError."""
        await self._expired_recordings.run()

    async def look_at_disk(self) -> None:
        """Check whether the disk has room for what the node must write."""
        free = shutil.disk_usage(self._settings.node.data).free
        full = free < ROOM_BYTES
        if full is not self._scoreboard.disk_full:
            self._scoreboard.write_disk_full(full)
            if full:
                log.error("the disk is full", folder=str(self._settings.node.data), free=free)
            else:
                log.warning("the disk has room again", free=free)

    async def look_at_hotline_hours(self) -> None:
        """Check whether the hotline is open now. Raises CalendarUnreadable; then its state stays as
        it was."""
        if self._calendar is not None:
            opening = await asyncio.to_thread(self._calendar.at, now())
            opens_at = opening.opens.timestamp() if opening.opens else 0.0
            self._scoreboard.write_hotline(shut=opening.shut, opens_at=opens_at)

    async def close_lost_calls(self) -> None:
        """Close the CDRs of workers of an earlier run that went on with their calls and have died
        since."""
        node = self._settings.node.name
        book = CallBook(
            self._settings.records_url, self._settings.records, metrics.MeteredRecords()
        )
        try:
            for pid in await book.workers_with_calls(node):
                if is_worker(pid):
                    continue
                for call_id in await book.close_orphans(node, pid, at_last_sign=True):
                    metrics.calls_total.labels(outcome="worker_died").inc()
                    log.error("call lost with its worker", call_id=call_id, worker_pid=pid)
        finally:
            await book.shut()

    def _say_once(self, what: str) -> None:
        if what != self._last_doubt:
            log.error("left undone", why=what)
        self._last_doubt = what
