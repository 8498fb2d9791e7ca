"""The console's web application and its process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from ivr.console.health import BackEndProbe, Health, NodeView, look
from ivr.console.self_test import SelfTest
from ivr.observe import metrics

log = structlog.get_logger(__name__)

NODE = web.AppKey("node", NodeView)
PROBE = web.AppKey("probe", BackEndProbe)
SPEECH = web.AppKey("speech", tuple[str, ...])
SELF_TEST = web.AppKey("self_test", SelfTest)


def make_app(
    node: NodeView,
    probe: BackEndProbe,
    self_test: SelfTest,
    speech: tuple[str, ...] = (),
) -> web.Application:
    """Routes: ``/health/live``, ``/health/ready`` (503 when unfit), ``/status``, ``/metrics``."""
    app = web.Application()
    app[NODE] = node
    app[PROBE] = probe
    app[SPEECH] = speech
    app[SELF_TEST] = self_test
    app.cleanup_ctx.append(_probing)
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", _ready)
    app.router.add_get("/status", _status)
    app.router.add_get("/metrics", _metrics)
    return app


def run_console(
    host: str,
    port: int,
    node: NodeView,
    back_end_health_url: str,
    self_test: SelfTest,
    speech: tuple[str, ...],
) -> int:
    """Serve until SIGTERM; the exit status of the console's process."""
    app = make_app(node, BackEndProbe(back_end_health_url), self_test, speech)
    try:
        return asyncio.run(_serve(host, port, app))
    except OSError as failure:
        log.error("no health and metrics: set web.port to a free port", why=str(failure))
        return 1


async def _serve(host: str, port: int, app: web.Application) -> int:
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
