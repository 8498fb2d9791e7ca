"""The console's web application and its process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import structlog
from aiohttp import web

from ivr.console.door import login
from ivr.console.door.headers import with_headers
from ivr.console.door.throttle import Throttle
from ivr.console.health import BackEndProbe, Health, NodeView, look
from ivr.console.pages import calls, figures, live, people, prompts, scripts, sounds, wellbeing
from ivr.console.rendering import STATIC
from ivr.console.self_test import SelfTest
from ivr.console.site import SITE, Site
from ivr.observe import metrics
from ivr.records.database import Database
from ivr.settings import Settings
from prompts.library import Library

log = structlog.get_logger(__name__)

NODE = web.AppKey("node", NodeView)
PROBE = web.AppKey("probe", BackEndProbe)
SPEECH = web.AppKey("speech", tuple[str, ...])
SELF_TEST = web.AppKey("self_test", SelfTest)

ROOMS = (login, live, calls, figures, prompts, sounds, scripts, people, wellbeing)
STATIC_FILES = frozenset(path.name for path in STATIC.iterdir() if path.is_file())


def make_app(
    node: NodeView,
    probe: BackEndProbe,
    self_test: SelfTest,
    speech: tuple[str, ...] = (),
    *,
    settings: Settings | None = None,
    library: Library | None = None,
) -> web.Application:
    """``/health/live``, ``/health/ready`` (503 when unfit), ``/status``, ``/metrics``, and with
    settings and library the pages for people."""
    app = web.Application(middlewares=[with_headers])
    app[NODE] = node
    app[PROBE] = probe
    app[SPEECH] = speech
    app[SELF_TEST] = self_test
    app.cleanup_ctx.append(_probing)
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", _ready)
    app.router.add_get("/status", _status)
    app.router.add_get("/metrics", _metrics)
    if settings is not None and library is not None:
        app[SITE] = Site(
            settings,
            Database(settings.records_url, settings.records),
            library,
            look=lambda: _look(app),
            throttle=Throttle(settings.console.logins_per_minute),
        )
        app.on_cleanup.append(_close_site)
        app.router.add_get("/", _first_page)
        app.router.add_get("/static/{digest}/{name}", _static)
        for room in ROOMS:
            app.router.add_routes(room.routes())
    return app


def run_console(
    host: str,
    port: int,
    node: NodeView,
    back_end_health_url: str,
    self_test: SelfTest,
    speech: tuple[str, ...],
    settings: Settings,
    library: Library,
) -> int:
    """Serve until SIGTERM; the exit status of the console's process."""

    def make() -> web.Application:
        probe = BackEndProbe(back_end_health_url)
        return make_app(node, probe, self_test, speech, settings=settings, library=library)

    try:
        return asyncio.run(_serve(host, port, make))
    except OSError as failure:
        log.error("no console: set web.port to a free port", why=str(failure))
        return 1


async def _serve(host: str, port: int, make: Callable[[], web.Application]) -> int:
    app = make()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    await told.wait()
    await runner.cleanup()
    return 0


async def _probing(app: web.Application) -> AsyncIterator[None]:
    node = app[NODE]
    probing = asyncio.gather(
        app[PROBE].run(), app[SELF_TEST].run(lambda: node.lines > 0 and not node.draining)
    )
    yield
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)


async def _close_site(app: web.Application) -> None:
    await app[SITE].close()


async def _first_page(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/live")


async def _static(request: web.Request) -> web.StreamResponse:
    """A file of the package; its address holds its digest, so it may be kept for good."""
    name = request.match_info["name"]
    if name not in STATIC_FILES:
        raise web.HTTPNotFound
    return web.FileResponse(
        STATIC / name, headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )


async def _live(request: web.Request) -> web.Response:
    return web.json_response({"live": True})


async def _ready(request: web.Request) -> web.Response:
    health = _look(request.app)
    return web.json_response(health.as_json(), status=200 if health.ready else 503)


async def _status(request: web.Request) -> web.Response:
    return web.json_response(_look(request.app).as_json())


def _look(app: web.Application) -> Health:
    return look(app[NODE], lambda: app[PROBE].up, app[SELF_TEST], app[SPEECH])


async def _metrics(request: web.Request) -> web.Response:
    return web.Response(body=metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})
