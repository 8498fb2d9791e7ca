"""Every page and every action says who may use it; there is no other way to have a route."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.access import Access
from ground.web.forms import number_in
from rocars.entrance.web_login import WebVisitor
from rocars.portal.rendering import error_page, may
from rocars.portal.site import SITE
from rocars.store.journal import by_agent
from rocars.training.course import Course

COOKIE = "rocars_portal"

CLIENT = "client"
"""In the address of a page of a client: the number of the agency."""

COURSE = "/course"
"""Where the pages of the training ground begin."""

FOR_CLIENT = f"/clients/{{{CLIENT}}}"
"""Where the pages of a client begin."""


BEFORE_ANOTHER_PASSWORD = frozenset({"/me", "/me/password", "/logout"})
"""All that the password of a secure pack opens."""


VISITOR = web.RequestKey("visitor", WebVisitor)
"""Who asked, once they are known."""


async def _visitor(request: web.Request, token: str) -> WebVisitor | None:
    visitor = await _logged_in(request, token)
    if visitor is not None:
        request[VISITOR] = visitor
    return visitor


async def _logged_in(request: web.Request, token: str) -> WebVisitor | None:
    site = request.app[SITE]
    visitor = await site.web_login.visitor(token, page=request.method == "GET")
    if visitor is not None and visitor.must_change and request.path not in BEFORE_ANOTHER_PASSWORD:
        raise web.HTTPSeeOther("/me")
    if visitor is None:
        return None
    if site.course is not None:
        return await _on_training_ground(request, visitor, site.course)
    if visitor.role == "shipper" and CLIENT in request.match_info:
        return await _for_client(request, visitor)
    return visitor


async def _for_client(request: web.Request, visitor: WebVisitor) -> WebVisitor:
    """The same person, on a page of their client. The consent is looked at for every request: one
    that was taken back opens nothing any more."""
    number = number_in(request.match_info[CLIENT])
    agencies = request.app[SITE].service.agencies
    client = await agencies.acting_for(number, visitor.company_id) if number is not None else None
    if client is None:
        raise web.HTTPNotFound
    by_agent(client.agency, visitor.user_id)
    return replace(
        visitor,
        company_id=client.company_id,
        company=client.number,
        acting_for=client,
        base=f"/clients/{client.agency}",
    )


async def _on_training_ground(
    request: web.Request, visitor: WebVisitor, course: Course
) -> WebVisitor:
    """The same person with the company they have there; where cargo is bundled they are its
    driver. The course is for shippers: nobody else's keys mean anything there."""
    if visitor.role != "shipper":
        raise web.HTTPNotFound
    trainee = await course.trainee(visitor.account_id)
    there = replace(visitor, company_id=trainee.company_id, company=trainee.company, base=COURSE)
    if not request.path.startswith(f"{COURSE}/bundles"):
        return there
    always = course.ground.clock() + timedelta(days=1)
    return replace(there, role="driver", driver_id=trainee.driver_id, bundling_until=always)


ACCESS: Access[WebVisitor, str] = Access(
    cookie=COOKIE,
    visitor=_visitor,
    may=may,
    public_url=lambda request: request.app[SITE].public_url,
    failure=error_page,
    unavailable=SQLAlchemyError,
)
page = ACCESS.page
action = ACCESS.action
