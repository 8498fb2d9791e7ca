"""What a start does to the records before the first worker is forked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import structlog

from ground.database.engine import reason
from ivr.node.children import is_worker
from ivr.observe import metrics
from ivr.records import migrations
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.node_name import NodeNameTaken, holder_on, take_name
from ivr.records.prompt_versions import PromptVersions
from ivr.settings.service import Settings
from prompts.script import names_in_order

log = structlog.get_logger("ivr.node.supervisor")


def prepare_records(settings: Settings, say: Callable[[str], None]) -> int:
    """Migrate the database, take the node's name, and close what an earlier run of this node left
    open.

    In a child, since it needs an event loop and a database thread. `say` is called with the reason
    why the node must not start.
    """
    try:
        migrations.upgrade(settings.records_url)
    except RecordsUnavailable as failure:
        say(f"records.database_url: {_in_one_line(failure)}")
        return 1

    async def close_orphans() -> None:
        book = CallBook(settings.records_url, settings.records, metrics.MeteredRecords())
        book.start()
        node = settings.node.name
        living = {pid for pid in await book.workers_with_calls(node) if is_worker(pid)}
        if living:
            log.warning("workers of a former run finish their calls", workers=sorted(living))
        for call_id in await book.close_orphans(node, spare=living):
            log.warning("call left open by a former run", call_id=call_id)
        await book.shut()

    async def number_prompts() -> None:
        """Number the prompts, so that the numbers in the printed recording script are valid on
        every node."""
        records = Database(settings.records_url, settings.records)
        await PromptVersions(records).numbers.of(names_in_order())
        await records.close()

    async def take() -> None:
        records = Database(settings.records_url, settings.records)
        try:
            await take_name(
                records, settings.node.name, holder_on(settings.node.data.resolve(), os.getppid())
            )
        finally:
            await records.close()

    try:
        asyncio.run(take())
        asyncio.run(close_orphans())
        asyncio.run(number_prompts())
    except NodeNameTaken as taken:
        say(str(taken))
        return 1
    except RecordsUnavailable as failure:
        say(f"records.database_url: {_in_one_line(failure)}")
        return 1
    return 0


def _in_one_line(failure: RecordsUnavailable) -> str:
    """What went wrong, together with what the database reported."""
    text = str(failure)
    cause = reason(failure.__cause__) if failure.__cause__ is not None else ""
    return text if cause in text else f"{text}: {cause}"
