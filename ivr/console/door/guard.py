"""Every page and every action says who may use it; there is no other way to have a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import structlog
from aiohttp import web

from ivr.console.door.forms import LARGEST_FORM, Form, must_be_ours, must_have_token, read_form
from ivr.console.rendering import error_page
from ivr.console.site import SITE
from ivr.records.database import RecordsUnavailable
from ivr.records.people import Visitor
from ivr.records.roles import Role

log = structlog.get_logger(__name__)

COOKIE = "rocars_console"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, Visitor, Form], Awaitable[web.StreamResponse]]


def page(needed: Role, show: Page) -> Handler:
    """A page for those who may do what `needed` may."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            visitor = await _visitor(request)
            if not visitor.person.role.may(needed):
                return error_page(request, 403, visitor)
            return await show(request, visitor)
        except RecordsUnavailable as failure:
            return _away(request, failure)

    return handler


def action(
    needed: Role, do: Action, *, largest: Callable[[web.Request], int] = lambda _: LARGEST_FORM
) -> Handler:
    """Something that changes things: a form of ours, of somebody who may do it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            must_be_ours(request, request.app[SITE].rules.public_url)
            visitor = await _visitor(request)
            if not visitor.person.role.may(needed):
                return error_page(request, 403, visitor)
            form = await read_form(request, largest(request))
            must_have_token(request, form, visitor.csrf)
            return await do(request, visitor, form)
        except RecordsUnavailable as failure:
            return _away(request, failure)

    return handler


async def _visitor(request: web.Request) -> Visitor:
    """Who is asking. Raises a redirection to the log-in page."""
    token = request.cookies.get(COOKIE, "")
    visitor = await request.app[SITE].people.visitor(token) if token else None
    if visitor is not None:
        return visitor
    there = "/login"
    if request.method == "GET" and request.path != "/":
        there += f"?next={quote(request.path_qs, safe='')}"
    if "HX-Request" in request.headers:  # a piece of a page: the whole page has to go there
        raise web.HTTPUnauthorized(headers={"HX-Redirect": "/login"})
    raise web.HTTPSeeOther(there)


def _away(request: web.Request, failure: RecordsUnavailable) -> web.Response:
    log.error("a page could not be made", path=request.path, why=str(failure))
    return error_page(request, 503)
