"""Every page and every action says who may use it; there is no other way to have a route."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.access import Access
from rocars.entrance.web_login import WebVisitor
from rocars.portal.rendering import error_page, may
from rocars.portal.site import SITE

COOKIE = "rocars_portal"


BEFORE_ANOTHER_PASSWORD = frozenset({"/me", "/me/password", "/logout"})
"""All that the password of a secure pack opens."""


async def _visitor(request: web.Request, token: str) -> WebVisitor | None:
    login = request.app[SITE].service.web_login
    visitor = await login.visitor(token, page=request.method == "GET")
    if visitor is not None and visitor.must_change and request.path not in BEFORE_ANOTHER_PASSWORD:
        raise web.HTTPSeeOther("/me")
    return visitor


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
