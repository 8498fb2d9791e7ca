"""The web application of the telephone in the browser, and its process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import setproctitle
import structlog
from aiohttp import WSCloseCode, web

from backend_client.settings import RocarsClientSettings
from ground.web.assets import ROUTE
from ground.web.headers import with_headers
from ivr.handset.admission import ADMISSION, PROTOCOL, Admission, for_us_only
from ivr.handset.dialler import Dialler
from ivr.handset.handset import Handset, Premises
from ivr.handset.messages import HEARTBEAT_S, LARGEST_MESSAGE
from ivr.handset.sections import HandsetSections, numbers_of
from ivr.handset.settings import HandsetSettings
from ivr.handset.site import ASSETS, WORDS, trial_page
from ivr.handset.trial import Trial
from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.studio.draft_calls import DraftKey
from ivr.telephony.errors import TelephonyError

log = structlog.get_logger("ivr.handset")

MOST_PAGES = 16
"""Pages that may be open at the same time."""

PREMISES = web.AppKey("premises", Premises)
SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])


def make_app(
    settings: HandsetSections,
    rocars: RocarsClientSettings | None,
    key: str,
    draft_key: DraftKey,
) -> web.Application:
    """``/line``, the WebSocket of a page; in trials also ``/``, the page, and what belongs to it.

    Args:
        rocars: how ROCARS is reached for its demonstration data; None: it is no trial.
        key: what the console shows; empty: it has nothing to do with us.
        draft_key: of this node.
    """
    app = web.Application(middlewares=[with_headers, for_us_only])
    app[ADMISSION] = Admission(settings.handset.port, key, trial=rocars is not None)
    app[SOCKETS] = set()
    app[PREMISES] = Premises(
        settings,
        Dialler(
            f"sip:{settings.sip.listen[0]}:{settings.sip.port}",
            numbers_of(settings.sip, settings.flows),
            settings.telephony.model_copy(
                update={
                    "sip_port": 0,
                    "rtp_port_first": 0,
                    "longest_call_s": settings.handset.longest_call_s,
                }
            ),
            settings.handset.calls,
        ),
        CallBook(settings.records_url, settings.records, MeteredRecords()),
        Database(settings.records_url, settings.records),
        None if rocars is None else Trial(rocars),
        draft_key,
    )
    app.cleanup_ctx.append(_equipped)
    app.on_shutdown.append(_let_go)
    app.router.add_get("/line", _line)
    if rocars is not None:
        app.router.add_get("/", _page)
        app.router.add_post("/language", _language)
        app.router.add_get(ROUTE, ASSETS.serve)
    return app


def run_handset(
    settings: HandsetSections,
    rocars: RocarsClientSettings | None,
    key: str,
    draft_key: DraftKey,
) -> int:
    """Serve until SIGTERM; the exit status of the process. Arguments: see `make_app`."""
    setproctitle.setproctitle("rocars-ivr: handset")
    try:
        return asyncio.run(
            _serve(settings.handset, lambda: make_app(settings, rocars, key, draft_key))
        )
    except (OSError, TelephonyError) as failure:
        log.error("there is no telephone in the browser", why=str(failure))
        return 1


async def _serve(settings: HandsetSettings, make: Callable[[], web.Application]) -> int:
    stop_requested = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)
    runner = web.AppRunner(make(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    await stop_requested.wait()
    await runner.cleanup()
    return 0


async def _equipped(app: web.Application) -> AsyncIterator[None]:
    premises = app[PREMISES]
    await premises.dialler.open()
    yield
    await premises.dialler.close()
    if premises.trial is not None:
        await premises.trial.close()
    await premises.records.close()
    await premises.book.shut()


async def _let_go(app: web.Application) -> None:
    for socket in [*app[SOCKETS]]:
        await socket.close(code=WSCloseCode.GOING_AWAY)


async def _page(request: web.Request) -> web.Response:
    premises = request.app[PREMISES]
    flows = premises.settings.flows
    return trial_page(request, premises.dialler.numbers, flows.practice_numbers, flows.languages)


async def _language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, "")


async def _line(request: web.Request) -> web.StreamResponse:
    known = request.app[ADMISSION].admitted(request)
    sockets = request.app[SOCKETS]
    if len(sockets) >= MOST_PAGES:
        raise web.HTTPServiceUnavailable(text="Too many pages are open.")
    socket = web.WebSocketResponse(
        protocols=(PROTOCOL,), heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_MESSAGE, compress=False
    )
    await socket.prepare(request)
    sockets.add(socket)
    try:
        translate = WORDS.words_for(request)
        await Handset(socket, request.app[PREMISES], known, translate).attend()
    finally:
        sockets.discard(socket)
    return socket
