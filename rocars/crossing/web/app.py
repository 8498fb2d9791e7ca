"""The web of the boundary, to be put below `ROOT` of the application of ROCARS."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.assets import ROUTE
from ground.web.headers import with_headers
from ground.web.navigation import entries_of
from rocars.crossing.web.displays import DISPLAYS
from rocars.crossing.web.pages.board import BOARD
from rocars.crossing.web.pages.enquiries import ENQUIRIES
from rocars.crossing.web.pages.lanes import LANES
from rocars.crossing.web.pages.login import LOGIN
from rocars.crossing.web.pages.panel import PANEL
from rocars.crossing.web.pages.passage import PASSAGE
from rocars.crossing.web.pages.profiles import PROFILES
from rocars.crossing.web.site import ASSETS, NOTICES, SITE, Boundary, failure
from rocars.refusals import Code, Problem

log = structlog.get_logger("rocars.boundary")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MODULES = (LANES, PROFILES, ENQUIRIES, PASSAGE, BOARD, PANEL, DISPLAYS, LOGIN)


def boundary_web(site: Boundary) -> web.Application:
    app = web.Application(middlewares=[_as_pages, with_headers])
    site.navigation = entries_of(MODULES)
    app[SITE] = site
    for module in MODULES:
        app.router.add_routes(module.routes())
    app.router.add_get(ROUTE, ASSETS.serve)

    async def let_go(_: web.Application) -> None:
        await site.boards.close()  # or open streams would hold the end of the service up

    app.on_shutdown.append(let_go)
    return app


@web.middleware
async def _as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong is told in a page; around this web it would become a problem document."""
    try:
        answer = await handler(request)
    except web.HTTPException as refusal:
        answer = failure(request, 404) if refusal.status == 404 else _plain(refusal)
    except Problem as problem:
        if problem.code is not Code.UNKNOWN_LANE:
            raise
        answer = failure(request, 404)
    except (SQLAlchemyError, OSError) as error:
        trace = traceback.format_exc()
        log.error("database.away", error=type(error).__name__, trace=trace)
        answer = failure(request, 503)
    NOTICES.carry(request, answer)
    return answer


def _plain(refusal: web.HTTPException) -> web.Response:
    """The same answer, returned instead of raised."""
    answer = web.Response(status=refusal.status, text=refusal.text)
    for name, value in refusal.headers.items():
        if name not in (hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH):
            answer.headers[name] = value
    answer.cookies.update(refusal.cookies)
    return answer
