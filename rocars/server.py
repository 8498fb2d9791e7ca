"""Starting and stopping the service: `serve` inside a running loop, `run` as a process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from rocars.app import application
from rocars.clock import Clock, hong_kong_now
from rocars.key_ring import KeyRing, load_keys
from rocars.service import Service, wire
from rocars.settings import RocarsSettings

log = structlog.get_logger("rocars.server")


@dataclass(frozen=True)
class RunningRocars:
    """A service that listens. `port` is the true one when 0 was asked for."""

    runner: web.AppRunner
    service: Service
    host: str
    port: int

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def keys(self) -> KeyRing:
        return self.service.keys

    async def close(self) -> None:
        """Take no more requests, let running ones end (at most `listen.shutdown_s`), close."""
        await self.runner.cleanup()


async def serve(settings: RocarsSettings, *, clock: Clock = hong_kong_now) -> RunningRocars:
    """Listen, and return once requests are answered.

    Raises KeyMissing, SchemaMismatch, OSError (address taken), SQLAlchemyError (no database).
    """
    service = wire(settings, load_keys(settings), clock)
    runner = web.AppRunner(
        application(service), access_log=None, shutdown_timeout=settings.listen.shutdown_s
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.listen.host, settings.listen.port).start()
    except BaseException:
        await runner.cleanup()
        await service.close()
        raise
    host, port = runner.addresses[0][:2]
    running = RunningRocars(runner, service, host, port)
    if settings.listen.port_file is not None:
        _write_port(settings.listen.port_file, port)
    log.info("rocars.listening", url=running.base_url, demo=settings.demo.enabled)
    return running


def run(settings: RocarsSettings) -> None:
    """Serve until SIGTERM or SIGINT. Prints `rocars listening on URL` to standard output."""
    _log_to_stderr(settings)
    asyncio.run(_run(settings))


async def _run(settings: RocarsSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = await serve(settings)
    print(f"rocars listening on {running.base_url}", flush=True)
    try:
        await stop.wait()
    finally:
        log.info("rocars.stopping")
        await running.close()


def _write_port(path: Path, port: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(f"{port}\n")
    draft.replace(path)


def _log_to_stderr(settings: RocarsSettings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
