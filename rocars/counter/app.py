"""The web of the registrars' desk, to be put below `ROOT` of the application of ROCARS."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.assets import ROUTE
from ground.web.headers import with_headers
from ground.web.navigation import entries_of
from rocars.counter.pages.applications import APPLICATIONS
from rocars.counter.pages.course import COURSE
from rocars.counter.pages.log import LOG
from rocars.counter.pages.login import LOGIN
from rocars.counter.pages.packs import PACKS
from rocars.counter.pages.registrants import REGISTRANTS
from rocars.counter.pages.tokens import TOKENS
from rocars.counter.site import ASSETS, NOTICES, SITE, Desk, failure

log = structlog.get_logger("rocars.registration")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MODULES = (APPLICATIONS, PACKS, REGISTRANTS, TOKENS, COURSE, LOG, LOGIN)
"""In the order of the navigation."""


def registration_web(desk: Desk) -> web.Application:
    app = web.Application(middlewares=[with_headers, _as_pages])
    desk.navigation = entries_of(MODULES)
    app[SITE] = desk
    for module in MODULES:
        app.router.add_routes(module.routes())
    app.router.add_get(ROUTE, ASSETS.serve)
    return app


@web.middleware
async def _as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong is told in a page; around this web it would become a problem document."""
    try:
        answer = await handler(request)
    except web.HTTPException as refusal:
        answer = failure(request, 404) if refusal.status == 404 else _returned(refusal)
    except (SQLAlchemyError, OSError) as error:
        trace = traceback.format_exc()
        log.error("database.away", error=type(error).__name__, trace=trace)
        answer = failure(request, 503)
    NOTICES.carry(request, answer)
    return answer


def _returned(refusal: web.HTTPException) -> web.Response:
    """The same answer, returned instead of raised."""
    answer = web.Response(status=refusal.status, text=refusal.text)
    for name, value in refusal.headers.items():
        if name not in (hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH):
            answer.headers[name] = value
    answer.cookies.update(refusal.cookies)
    return answer
