"""The web application of the portal."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ground.web import assets
from ground.web.forms import LoggedOut, OldForm
from ground.web.headers import with_headers
from ground.web.navigation import Entry, entries_of
from rocars.entrance.throttles import SharedThrottle
from rocars.portal.guard import COURSE, VISITOR
from rocars.portal.pages import (
    account,
    agents,
    bundles,
    clients,
    consignments,
    course,
    learning,
    lodging,
    login,
    register,
    uploads,
)
from rocars.portal.rendering import (
    ASSETS,
    ENTRIES,
    asked_again,
    error_page,
    message_page,
    refusal,
    words_for,
)
from rocars.portal.site import SITE, Site
from rocars.refusals import Problem
from rocars.service import Service
from rocars.store.journal import through
from rocars.training.course import Course

log = structlog.get_logger("rocars.portal")

ROOMS = (
    login.PAGES,
    consignments.PAGES,
    lodging.PAGES,
    uploads.PAGES,
    bundles.PAGES,
    agents.PAGES,
    clients.PAGES,
    register.PAGES,
    learning.PAGES,
    account.PAGES,
)
"""In the order of the navigation."""

TOO_OLD = "This form was too old, or not of this web. Try again."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def portal(service: Service, ground: Service | None = None) -> web.Application:
    """The portal over a service, and a training ground for its course, that somebody else prepares
    and closes."""
    app = web.Application(middlewares=[with_headers, by_web, plainly])
    throttle = service.throttles.of("portal", service.settings.portal.logins_per_minute)
    app[SITE] = Site(service, throttle)
    entries = entries_of(ROOMS)
    if ground is not None:
        entries = (*entries[:-1], course.ENTRY, entries[-1]) if entries else (course.ENTRY,)
    app[ENTRIES] = entries
    app.router.add_get(assets.ROUTE, ASSETS.serve)
    for room in ROOMS:
        app.router.add_routes(room.routes())
    if ground is not None:
        app.add_subapp(COURSE, _of_course(service, ground, throttle, entries))
    return app


def _of_course(
    service: Service, ground: Service, throttle: SharedThrottle, entries: tuple[Entry[str], ...]
) -> web.Application:
    """The pages of the course: the same as the portal's, over a ROCARS with data of its own."""
    app = web.Application()
    app[SITE] = Site(ground, throttle, Course(ground, service.course_progress, "web"), service)
    app[ENTRIES] = entries
    app.router.add_routes(
        [*course.routes(), *consignments.routes(), *lodging.routes(), *bundles.routes()]
    )
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
    except (LoggedOut, OldForm) as lost:
        if "Referer" not in request.headers:  # no page of ours sent it
            return message_page(request, 403, _(TOO_OLD))
        return asked_again(request, request.get(VISITOR), lost.form)
    except web.HTTPRequestEntityTooLarge:
        return message_page(request, 413, _("What you sent is too large."))
    except web.HTTPForbidden:
        return message_page(request, 403, _(TOO_OLD))
    except web.HTTPException:
        raise
    except Exception:
        # As text, not exc_info: some log renderers print local variables, a password among them.
        log.error("portal.failed", path=request.path, trace=traceback.format_exc())
        return message_page(request, 500, _("Something failed here. It was written down."))
