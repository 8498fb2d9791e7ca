"""What only the first start needs, in a process that ends afterwards.

Making tables and demo data takes Alembic, a good deal of SQLAlchemy and a few hashes: some 45 MB
that a process which goes on to serve would keep for good.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from rocars.clock import hong_kong_now
from rocars.service import wire
from rocars.settings import RocarsSettings
from rocars.training.demo import DemoData
from rocars.training.ground import training_ground

log = structlog.get_logger("rocars.first_start")


def prepare_beside(settings: RocarsSettings) -> None:
    """Fill an SQLite database that is not there yet, in a child, and wait for it.

    For a process that has no threads yet. What goes wrong is left to the start itself, which does
    all of it again where it is missing, and says what it could not do.
    """
    if not _is_missing(settings.database_url):
        return
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(_prepare(settings))
        except Exception:
            log.exception("first start: not prepared beside")
        finally:  # whatever it was: this child does nothing else
            os._exit(0)
    os.waitpid(pid, 0)


def _is_missing(url: str) -> bool:
    parsed = make_url(url)
    named = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return named and not Path(str(parsed.database)).exists()


async def _prepare(settings: RocarsSettings) -> None:
    service = wire(settings, hong_kong_now)
    try:
        await service.database.prepare()
        if settings.demo.enabled:
            await DemoData(service).replenish()
        ground = training_ground(service) if settings.portal.enabled else None
        if ground is not None:
            try:
                await ground.database.prepare()
            finally:
                await ground.close()
    finally:
        await service.close()
