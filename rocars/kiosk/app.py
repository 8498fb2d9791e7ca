"""The web application of kiosks, to be put below `ROOT` of the portal."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.assets import ROUTE
from ground.web.navigation import PageModule
from ground.web.throttle import Throttle
from rocars.kiosk.devices import devices_of
from rocars.kiosk.pages import (
    account,
    bundling,
    clients,
    device,
    driver,
    lodging,
    start,
    training,
)
from rocars.kiosk.site import (
    ASSETS,
    ROOT,
    SITE,
    TRAINING,
    Site,
    error_page,
    message_page,
    refusal,
    words_for,
)
from rocars.refusals import Problem
from rocars.service import Service
from rocars.training.course import Course

log = structlog.get_logger("rocars.kiosk")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MODULES: tuple[PageModule[str], ...] = (
    start.PAGES,
    device.PAGES,
    account.PAGES,
    driver.PAGES,
    bundling.PAGES,
    lodging.PAGES,
    clients.PAGES,
)


def kiosk_web(service: Service, ground: Service | None) -> web.Application:
    """With `ground`, which somebody else prepares and closes, they can be tried there too."""
    settings = service.settings.kiosk
    app = web.Application(middlewares=[plainly])
    site = app[SITE] = Site(
        service,
        devices_of(settings),
        pace=Throttle(settings.requests_per_minute),
        tries=service.throttles.of("kiosk", settings.keys_per_minute),
    )
    for module in MODULES:
        app.router.add_routes(module.routes())
    app.router.add_get(ROUTE, ASSETS.serve)
    if ground is not None:
        app.add_subapp(TRAINING.removeprefix(ROOT), _training_web(site, ground))
    return app


def _training_web(site: Site, ground: Service) -> web.Application:
    """The same kiosks over the training ground."""
    app = web.Application(middlewares=[plainly])
    course = Course(ground, site.service.course_progress, "kiosk")
    app[SITE] = replace(site, service=ground, course=course, entrance=site.service)
    app.router.add_routes(training.PAGES.routes())
    return app


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said in a page of the kiosk, in the language chosen there."""
    _ = words_for(request)
    try:
        return await handler(request)
    except Problem as problem:
        if problem.code.status == 404:
            return error_page(request, 404)
        return message_page(request, problem.code.status.value, refusal(request, problem))
    except web.HTTPNotFound:
        return error_page(request, 404)
    except web.HTTPForbidden:
        text = _("This form was too old, or not of this web. Try again.")
        return message_page(request, 403, text)
    except (SQLAlchemyError, OSError) as error:
        log.error("kiosk.no_database", error=type(error).__name__)
        return error_page(request, 503)
    except web.HTTPException:
        raise
    except Exception:
        # As text, not exc_info: some log renderers print local variables, a password among them.
        log.error("kiosk.failed", path=request.path, trace=traceback.format_exc())
        return message_page(request, 500, _("Something failed here. It was written down."))
