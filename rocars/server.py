"""Starting and stopping the service: `serve` inside a running loop, `run` as a process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import structlog
from aiohttp import web

from ground.outlet import OutletFile, OutletHandler
from rocars.app import application
from rocars.clock import Clock, hong_kong_now
from rocars.first_start import prepare_beside
from rocars.kiosk.app import kiosk_web
from rocars.kiosk.site import ROOT as KIOSK_ROOT
from rocars.portal.app import portal as portal_application
from rocars.secrets.key_ring import KeyRing
from rocars.service import Service, wire
from rocars.settings import RocarsSettings
from rocars.training.ground import held_open, training_ground

log = structlog.get_logger("rocars.server")


@dataclass(frozen=True)
class PortalListener:
    """The web of shippers and drivers, on a port of its own: the API is not to be reached there."""

    runner: web.AppRunner
    url: str


@dataclass(frozen=True)
class RunningRocars:
    """A service that listens. `port` is the true one when 0 was asked for."""

    runner: web.AppRunner
    service: Service
    host: str
    port: int
    portal: PortalListener | None = None

    @property
    def base_url(self) -> str:
        return _url(self.host, self.port)

    @property
    def keys(self) -> KeyRing:
        return self.service.keys

    async def close(self) -> None:
        """Take no more requests, let running ones end (at most `listen.shutdown_s`), close."""
        if self.portal is not None:
            await self.portal.runner.cleanup()
        await self.runner.cleanup()


async def serve(settings: RocarsSettings, *, clock: Clock = hong_kong_now) -> RunningRocars:
    """Listen, and return once requests are answered.

    Raises KeyMissing, SchemaMismatch, OSError (address taken), SQLAlchemyError (no database).
    """
    service = wire(settings, clock)
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
    try:
        portal = await _serve_portal(service) if settings.portal.enabled else None
    except BaseException:
        await runner.cleanup()  # closes the service as well
        raise
    running = RunningRocars(runner, service, host, port, portal)
    if settings.listen.port_file is not None:
        _write_port(settings.listen.port_file, port)
    log.info(
        "rocars.listening",
        url=running.base_url,
        portal=portal.url if portal is not None else None,
        demo=settings.demo.enabled,
    )
    return running


async def _serve_portal(service: Service) -> PortalListener:
    """Raises OSError when the address is taken."""
    settings = service.settings.portal
    ground = training_ground(service)
    app = portal_application(service, ground)
    app.add_subapp(KIOSK_ROOT, kiosk_web(service, ground))
    if ground is not None:
        app.cleanup_ctx.append(held_open(ground))
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=service.settings.listen.shutdown_s,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
    except BaseException:
        await runner.cleanup()
        raise
    host, port = runner.addresses[0][:2]
    if settings.port_file is not None:
        _write_port(settings.port_file, port)
    return PortalListener(runner, _url(host, port))


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: RocarsSettings) -> None:
    """Serve until SIGTERM or SIGINT. Prints `rocars listening on URL` to standard output."""
    _log_to_stderr(settings)
    prepare_beside(settings)
    asyncio.run(_run(settings))


async def _run(settings: RocarsSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = await serve(settings)
    print(f"rocars listening on {running.base_url}", flush=True)
    if running.portal is not None:
        print(f"portal listening on {running.portal.url}", flush=True)
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
        # Neither structlog nor aiohttp may wait for whoever reads the log.
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", OutletFile(sys.stderr))),
    )
    logging.basicConfig(handlers=[OutletHandler(sys.stderr)], level=logging.WARNING)
