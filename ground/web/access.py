"""Every page and every action says who may use it; there is no other way to have a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from ground.web.forms import (
    LARGEST_FORM,
    Form,
    LoggedOut,
    check_same_origin,
    check_token,
    read_form,
)
from ground.web.requests import is_secure, own_path

log = structlog.get_logger(__name__)


class Visitor(Protocol):
    """Somebody logged in."""

    @property
    def csrf(self) -> str:
        """The token of their session, which must come back with every form."""
        ...


VisitorT = TypeVar("VisitorT", bound=Visitor)
RoleT = TypeVar("RoleT")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, VisitorT], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, VisitorT, Form], Awaitable[web.StreamResponse]]


POLLED = web.RequestKey("polled", bool)
"""Set where a page asks by itself."""


def is_polled(request: web.Request) -> bool:
    """Whether a page asks by itself, without anybody's doing."""
    return bool(request.get(POLLED, False))


@dataclass(frozen=True)
class Access(Generic[VisitorT, RoleT]):
    """Who may enter the pages of one web.

    Args:
        cookie: name of the cookie that holds the token of a session; behind TLS `cookie_name`.
        visitor: who holds this token, None when nobody (any more).
        may: whether the visitor may do what this role may.
        public_url: under which address browsers know this site; empty: that of the request.
        failure: a page that says plainly what is wrong: 403, or 503 without the database.
        unavailable: raised when the database does not answer.
        login: path of the log-in page.
    """

    cookie: str
    visitor: Callable[[web.Request, str], Awaitable[VisitorT | None]]
    may: Callable[[VisitorT, RoleT], bool]
    public_url: Callable[[web.Request], str]
    failure: Callable[[web.Request, int, VisitorT | None], web.StreamResponse]
    unavailable: type[Exception]
    login: str = "/login"

    def cookie_name(self, request: web.Request) -> str:
        """Behind TLS with the prefix that keeps it to this host (RFC 6265bis, 4.1.3)."""
        secure = is_secure(request, self.public_url(request))
        return f"__Host-{self.cookie}" if secure else self.cookie

    def page(self, needed: RoleT, show: Page[VisitorT], *, polled: bool = False) -> Handler:
        """A page for those who may do what `needed` may.

        `polled`: a page asks for it by itself, so that it keeps no session alive (`is_polled`).
        """

        async def handler(request: web.Request) -> web.StreamResponse:
            request[POLLED] = polled
            try:
                visitor = await self._visitor(request)
                if not self.may(visitor, needed):
                    return self.failure(request, 403, visitor)
                return await show(request, visitor)
            except self.unavailable as failure:
                return self._without_database(request, failure)

        return handler

    def action(
        self,
        needed: RoleT,
        do: Action[VisitorT],
        *,
        largest: Callable[[web.Request], int] = lambda _: LARGEST_FORM,
    ) -> Handler:
        """Something that changes things: a form of ours, of somebody who may do it."""

        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                check_same_origin(request, self.public_url(request))
                visitor = await self._known(request)
                if visitor is None:
                    raise await self._out(request)
                if not self.may(visitor, needed):
                    return self.failure(request, 403, visitor)
                form = await read_form(request, largest(request))
                check_token(request, form, visitor.csrf)
                return await do(request, visitor, form)
            except self.unavailable as failure:
                return self._without_database(request, failure)

        return handler

    async def _known(self, request: web.Request) -> VisitorT | None:
        """Who is asking; None for somebody who is not logged in (any more)."""
        token = request.cookies.get(self.cookie_name(request), "")
        return await self.visitor(request, token) if token else None

    async def _out(self, request: web.Request) -> web.HTTPException:
        """The way to the log-in page. What a browser sent is kept, but for what is large."""
        small = 0 < (request.content_length or 0) <= LARGEST_FORM
        if small and "Referer" in request.headers and "HX-Request" not in request.headers:
            return LoggedOut(self.login, await read_form(request))
        return self._to_log_in(request)

    async def _visitor(self, request: web.Request) -> VisitorT:
        """Who is asking. Raises a redirection to the log-in page."""
        visitor = await self._known(request)
        if visitor is None:
            raise self._to_log_in(request)
        return visitor

    def _to_log_in(self, request: web.Request) -> web.HTTPException:
        if "HX-Request" in request.headers:  # a piece of a page: the whole page has to go there
            shown = own_path(urlsplit(request.headers.get("HX-Current-URL", "")).path)
            there = f"{self.login}?next={quote(shown, safe='')}"
            return web.HTTPUnauthorized(headers={"HX-Redirect": there})
        there = self.login
        if request.method == "GET" and request.path != "/":
            there += f"?next={quote(own_path(str(request.rel_url)), safe='')}"
        return web.HTTPSeeOther(there)

    def _without_database(self, request: web.Request, failure: Exception) -> web.StreamResponse:
        log.error("a page could not be made", path=request.path, why=str(failure))
        return self.failure(request, 503, None)
