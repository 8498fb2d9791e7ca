"""Cookies that let somebody in, or know a browser again."""

from __future__ import annotations

from aiohttp import web

from ground.web.requests import is_secure
from ivr.console.site import SITE


def cookie_name(request: web.Request, cookie: str) -> str:
    """Behind TLS with the prefix that keeps it to this host (RFC 6265bis, 4.1.3)."""
    return f"__Host-{cookie}" if _secure(request) else cookie


def kept(request: web.Request, cookie: str) -> str:
    """What the browser keeps under this name; empty for nothing."""
    return request.cookies.get(cookie_name(request, cookie), "")


def keep(
    request: web.Request, answer: web.StreamResponse, cookie: str, token: str, seconds: float
) -> None:
    """Have it kept from scripts and other sites, for so long."""
    answer.set_cookie(
        cookie_name(request, cookie),
        token,
        httponly=True,
        samesite="Lax",
        secure=_secure(request),
        path="/",
        max_age=int(seconds),
    )


def drop(request: web.Request, answer: web.StreamResponse, cookie: str) -> None:
    """Have it forgotten."""
    secure = _secure(request)
    answer.del_cookie(cookie_name(request, cookie), path="/", secure=secure)


def _secure(request: web.Request) -> bool:
    return is_secure(request, request.app[SITE].rules.public_url)
