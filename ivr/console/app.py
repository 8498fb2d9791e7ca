"""The console's web application and its process."""

from __future__ import annotations

import asyncio
import hmac
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web

from ground.database.changes import Changes
from ground.processes import WorkProcesses
from ground.web import assets
from ground.web.headers import REACHED, Reached, with_headers
from ground.web.navigation import PageModule, entries_of
from ground.web.throttle import Throttle
from ivr.console.alerts.delivery import LOOK_ANYWAY_S, Delivery
from ivr.console.alerts.watch import AlertWatch
from ivr.console.api import routes as api
from ivr.console.door import login, oidc, oidc_ending
from ivr.console.door.refusals import pages_of_ours
from ivr.console.health import BackEndProbe, Health, NodeView, look
from ivr.console.listening import Doorkeeper, listen, watched
from ivr.console.pages import (
    alerts,
    announcements,
    audit_log,
    call_recording,
    calls,
    figures,
    live,
    passkeys,
    people,
    prompts,
    releases,
    scripts,
    second_factors,
    sessions,
    sounds,
    telephone,
    tokens,
    versions,
    waiting,
    wall,
    wellbeing,
)
from ivr.console.rendering import ASSETS, ENTRIES
from ivr.console.reports.sender import ReportSender
from ivr.console.sections import ConsoleSections
from ivr.console.self_test import SelfTest
from ivr.console.site import SITE, Site
from ivr.handset.admission import Admission
from ivr.observe import metrics
from ivr.observe.strain import Strain
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.roles import Role
from ivr.telephony.sound.frame_path import FRAME_PATH
from prompts.announcements import PublishedAnnouncements
from prompts.library import Library

log = structlog.get_logger(__name__)

NODE = web.AppKey("node", NodeView)
PROBE = web.AppKey("probe", BackEndProbe)
SPEECH = web.AppKey("speech", tuple[str, ...])
ANNOUNCED = web.AppKey("announced", PublishedAnnouncements)
TOKEN = web.AppKey("token", str)
SELF_TEST = web.AppKey("self_test", SelfTest)

WORK_TITLE = "rocars-ivr: console work"
"""How the process for what takes long is called in the list of processes."""

ROOMS = (
    login.PAGES,
    oidc.PAGES,
    oidc_ending.PAGES,
    live.PAGES,
    calls.PAGES,
    call_recording.PAGES,
    figures.PAGES,
    prompts.PAGES,
    versions.PAGES,
    waiting.PAGES,
    sounds.PAGES,
    scripts.PAGES,
    releases.PAGES,
    announcements.PAGES,
    alerts.PAGES,
    wellbeing.PAGES,
    people.PAGES,
    second_factors.PAGES,
    passkeys.PAGES,
    sessions.PAGES,
    tokens.PAGES,
    audit_log.PAGES,
)
"""In the order of the navigation."""


def make_app(
    node: NodeView,
    probe: BackEndProbe,
    self_test: SelfTest,
    speech: tuple[str, ...] = (),
    *,
    settings: ConsoleSections | None = None,
    library: Library | None = None,
    handset_key: str = "",
    beside: WorkProcesses | None = None,
) -> web.Application:
    """``/health/live``, ``/health/ready`` (503 when unfit), ``/status``, ``/metrics``, and with
    settings and library the pages for people.

    `handset_key`: what the process of the telephone in the browser asks for. `beside`: processes
    for what takes long, which stay when the application ends; None: its own.
    """
    app = web.Application(middlewares=[watched, with_headers])
    if settings is not None and library is not None:
        app.middlewares.extend((pages_of_ours, api.refusals_in_json))
    app[NODE] = node
    app[PROBE] = probe
    app[SPEECH] = speech
    app[SELF_TEST] = self_test
    app[TOKEN] = settings.web.metrics_token.get_secret_value() if settings is not None else ""
    app.cleanup_ctx.append(_probing)
    if settings is None or not settings.web.health_port:
        app.router.add_routes(_health_routes())
    if settings is not None and library is not None:
        if beside is None:
            beside = WorkProcesses(WORK_TITLE)
            app.on_cleanup.append(_closing(beside))
        app[SITE] = Site(
            settings,
            Database(settings.records_url, settings.records),
            library,
            look=lambda: _look(app),
            throttle=Throttle(settings.console.logins_per_minute),
            handset=Admission(settings.handset.port, handset_key, trial=False),
            beside=beside,
        )
        call_recording.prepare(app)
        app[ANNOUNCED] = PublishedAnnouncements(settings.published_prompts)
        app[REACHED] = Reached(lambda: app[SITE].rules.public_url)
        app.on_cleanup.append(_close_site)
        app.router.add_get("/", _first_page)
        app.router.add_get(assets.ROUTE, ASSETS.serve)
        rooms: tuple[PageModule[Role], ...] = ROOMS
        if (role := settings.handset.console_role) is not None:
            rooms = (*ROOMS, telephone.pages(role))
            telephone.prepare(app)
        app[ENTRIES] = entries_of(rooms)
        for room in rooms:
            app.router.add_routes(room.routes())
        app.router.add_routes(api.routes())
        app.router.add_routes(wall.routes())
    return app


def health_app(console: web.Application) -> web.Application:
    """Health, status and metrics of the same node, for a listener of their own."""
    app = web.Application(middlewares=[watched, with_headers])
    app[NODE], app[PROBE] = console[NODE], console[PROBE]
    app[SPEECH], app[SELF_TEST], app[TOKEN] = console[SPEECH], console[SELF_TEST], console[TOKEN]
    if ANNOUNCED in console:
        app[ANNOUNCED] = console[ANNOUNCED]
    app.router.add_routes(_health_routes())
    return app


def _health_routes() -> list[web.RouteDef]:
    return [
        web.get("/health/live", _live),
        web.get("/health/ready", _ready),
        web.get("/status", _status),
        web.get("/metrics", _metrics),
    ]


def run_console(
    host: str,
    port: int,
    node: NodeView,
    back_end_health_url: str,
    self_test: SelfTest,
    speech: tuple[str, ...],
    settings: ConsoleSections,
    library: Library,
    handset_key: str,
) -> int:
    """Serve until SIGTERM; the exit status of the console's process."""

    def make() -> web.Application:
        probe = BackEndProbe(back_end_health_url)
        return make_app(
            node,
            probe,
            self_test,
            speech,
            settings=settings,
            library=library,
            handset_key=handset_key,
        )

    try:
        return asyncio.run(_serve(host, port, settings, make))
    except OSError as failure:
        log.error("no console: set web.port, web.health_port to free ports", why=str(failure))
        return 1


async def _serve(
    host: str, port: int, settings: ConsoleSections, make: Callable[[], web.Application]
) -> int:
    app = make()
    stop_requested = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)
    rules = settings.console
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    proxies = rules.trusted_proxies if rules.public_url else ()
    keeper = Doorkeeper(rules.connections, rules.connections_of_one, rules.header_s, proxies)
    listeners = [(runner, await listen(runner, host, port, keeper))]
    if settings.web.health_port:
        # With connections of its own: what fills the console leaves it free.
        runner = web.AppRunner(health_app(app), access_log=None)
        await runner.setup()
        keeper = Doorkeeper(rules.connections, rules.connections, rules.header_s)
        where = settings.web.health_host, settings.web.health_port
        listeners.append((runner, await listen(runner, *where, keeper)))
    site = app[SITE]
    changes = Changes(settings.records_url)
    due = changes.seen_by(LOOK_ANYWAY_S)
    delivery = Delivery(site.alerts, settings.alerts, rules.public_url, due)
    reporting = ReportSender(site.reports, site.tallies, settings.reports, settings.alerts)
    alerting = asyncio.gather(AlertWatch(site).run(), delivery.run(), reporting.run())
    await stop_requested.wait()
    alerting.cancel()
    await asyncio.gather(alerting, return_exceptions=True)
    changes.close()
    for runner, server in reversed(listeners):
        server.close()
        await runner.cleanup()
    return 0


async def _probing(app: web.Application) -> AsyncIterator[None]:
    probing = asyncio.gather(app[PROBE].run(), app[SELF_TEST].run(lambda: _may_test(app)))
    yield
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)


def _may_test(app: web.Application) -> bool:
    """Not while the machine is pressed: the call would take from those of callers, and fail. Nor
    while an announcement of the day is said before, or instead of, what the call waits for."""
    node = app[NODE]
    fit = node.lines > 0 and not node.draining and node.verdict.strain is Strain.CALM
    return fit and not _announced(app)


def _announced(app: web.Application) -> bool:
    return ANNOUNCED in app and bool(app[ANNOUNCED].said_at(now()))


async def _close_site(app: web.Application) -> None:
    await app[SITE].close()


def _closing(processes: WorkProcesses) -> Callable[[web.Application], Awaitable[None]]:
    async def close(app: web.Application) -> None:
        await processes.close()

    return close


async def _first_page(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/live")


async def _live(request: web.Request) -> web.Response:
    return web.json_response({"live": True})


async def _ready(request: web.Request) -> web.Response:
    health = _look(request.app)
    return web.json_response(health.as_json(), status=200 if health.ready else 503)


def _must_know_the_token(request: web.Request) -> None:
    """Raises HTTPUnauthorized."""
    token = request.app[TOKEN]
    given = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})


async def _status(request: web.Request) -> web.Response:
    _must_know_the_token(request)
    return web.json_response(_look(request.app).as_json())


def _look(app: web.Application) -> Health:
    up = app[PROBE].up
    return look(
        app[NODE],
        lambda: up,
        app[SELF_TEST],
        app[SPEECH],
        announced=_announced(app),
        compiled=FRAME_PATH.compiled,
    )


async def _metrics(request: web.Request) -> web.Response:
    _must_know_the_token(request)
    body = await asyncio.to_thread(metrics.render)  # it reads a file of each process
    return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})
