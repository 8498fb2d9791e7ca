"""What browsers are told to refuse on every page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ground.web.requests import is_secure

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Nothing from anywhere else, no script or style within a page (CSP level 3)."""

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A chart is a picture with a style sheet of its own in it, and can do nothing else."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


@dataclass(frozen=True)
class Reached:
    """How browsers reach a web: the address they know it by, empty where it is none but its own."""

    public_url: Callable[[], str]


REACHED = web.AppKey("reached", Reached)

ONLY_BY_TLS = "max-age=31536000"
"""For a year the browser comes by TLS alone (RFC 6797)."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def with_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        _set(request, refusal)
        raise
    _set(request, response)
    return response


def _set(request: web.Request, response: web.StreamResponse) -> None:
    if response.prepared:
        return
    reached = request.app.get(REACHED)
    if is_secure(request, reached.public_url() if reached is not None else ""):
        response.headers.setdefault("Strict-Transport-Security", ONLY_BY_TLS)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
