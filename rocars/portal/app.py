"""The web application of the portal."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ground.web import assets
from ground.web.headers import with_headers
from ground.web.navigation import entries_of
from ground.web.throttle import Throttle
from rocars.portal.pages import (
    account,
    agents,
    bundles,
    consignments,
    lodging,
    login,
    register,
    uploads,
)
from rocars.portal.rendering import ASSETS, ENTRIES, error_page, message_page, refusal, words_for
from rocars.portal.site import SITE, Site
from rocars.refusals import Problem
from rocars.service import Service
from rocars.store.journal import through

log = structlog.get_logger("rocars.portal")

ROOMS = (
    login.PAGES,
    consignments.PAGES,
    lodging.PAGES,
    uploads.PAGES,
    bundles.PAGES,
    agents.PAGES,
    register.PAGES,
    account.PAGES,
)
"""In the order of the navigation."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def portal(service: Service) -> web.Application:
    """The portal over a service that somebody else prepares and closes."""
    app = web.Application(middlewares=[with_headers, by_web, plainly])
    app[SITE] = Site(service, Throttle(service.settings.portal.logins_per_minute))
    app[ENTRIES] = entries_of(ROOMS)
    app.router.add_get(assets.ROUTE, ASSETS.serve)
    for room in ROOMS:
        app.router.add_routes(room.routes())
    return app


@web.middleware
async def by_web(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is done here came by web."""
    with through("web"):
        return await handler(request)


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said in a page, in the language of the visitor."""
    _ = words_for(request)
    try:
        return await handler(request)
    except Problem as problem:
        if problem.code.status == 404:
            return error_page(request, 404)
        return message_page(request, problem.code.status.value, refusal(request, problem))
    except web.HTTPNotFound:
        return error_page(request, 404)
    except web.HTTPRequestEntityTooLarge:
        return message_page(request, 413, _("What you sent is too large."))
    except web.HTTPForbidden:
        text = _("This form was too old, or not of this web. Try again.")
        return message_page(request, 403, text)
    except web.HTTPException:
        raise
    except Exception:
        # As text, not exc_info: some log renderers print local variables, a password among them.
        log.error("portal.failed", path=request.path, trace=traceback.format_exc())
        return message_page(request, 500, _("Something failed here. It was written down."))
