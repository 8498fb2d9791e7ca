"""What is refused is told on a page of ours, in the language of the reader, and nothing is lost."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from ground.processes import ProcessLost, TooMuchWork
from ground.web.forms import REFUSALS, LoggedOut, OldForm, check_text
from ivr.console.rendering import NOTICES, error_page, render, words_for
from ivr.console.site import BUSY, SITE
from ivr.console.visiting import VISITOR
from ivr.records.database import RecordsUnavailable

log = structlog.get_logger(__name__)

FOR_PROGRAMS = ("/health/", "/metrics", "/status", "/static/", "/api/")
"""Asked by programs, which read no page."""

KEPT = ("Retry-After", "Allow", "Content-Range", "HX-Redirect")
"""What of a refusal's header goes on."""

NOT_HERE = "The console is not reached under this name."
TOO_MUCH = "There is too much to do now. Try again in a minute."
OURS = {*REFUSALS, NOT_HERE, BUSY, TOO_MUCH}
"""What we say of a refusal; everything else is said by its status."""

TYPED = {
    "words": "What is to be said",
    "note": "Note",
    "name": "Name",
    "full_name": "Full name",
    "role": "Role",
    "operator_id": "Operator ID for the recording line",
    "live_from": "Live from",
}
"""Fields that people fill in, and how the pages call them; the pages fill in all others."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def pages_of_ours(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every handler of the console."""
    if request.path.startswith(FOR_PROGRAMS):
        return await handler(request)
    try:
        answer = await _answered(request, handler)
    except web.HTTPException as redirection:
        NOTICES.carry(request, redirection)
        raise
    NOTICES.carry(request, answer)
    return answer


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        _must_be_asked_here(request)
        _must_be_readable(request)
        return await handler(request)
    except LoggedOut as out:
        return _asked_again(request, out)
    except OldForm as old:
        if not request.headers.get("Referer"):
            return error_page(request, 403, request.get(VISITOR))
        return _asked_again(request, old)
    except web.HTTPException as refusal:
        if refusal.status < 400 or "HX-Redirect" in refusal.headers:
            raise
        return _told(request, refusal)
    except (TooMuchWork, ProcessLost) as failure:
        log.error("a page could not be made", path=request.path, why=str(failure))
        later = web.HTTPServiceUnavailable(text=TOO_MUCH, headers={"Retry-After": "60"})
        return _told(request, later)
    except RecordsUnavailable as failure:
        log.error("a page could not be made", path=request.path, why=str(failure))
        return error_page(request, 503)
    except Exception:
        log.exception("a page could not be made", path=request.path)
        return error_page(request, 500, request.get(VISITOR))


def _told(request: web.Request, refusal: web.HTTPException) -> web.Response:
    text = refusal.text or ""
    why = words_for(request)(text) if text in OURS else ""  # aiohttp's own words help nobody
    answer = error_page(request, refusal.status, request.get(VISITOR), why=why)
    for name in KEPT:
        if name in refusal.headers:
            answer.headers[name] = refusal.headers[name]
    return answer


def _asked_again(request: web.Request, lost: OldForm | LoggedOut) -> web.Response:
    """What was typed in an earlier session is shown, to be sent again or let be."""
    fields = {name: value for name, value in lost.form.fields.items() if name != "csrf"}
    return render(
        request,
        "again.html.j2",
        request.get(VISITOR),
        status=403,
        typed={TYPED[name]: value for name, value in fields.items() if name in TYPED},
        sent={name: value for name, value in fields.items() if not _is_secret(name)},
        secrets=any(_is_secret(name) for name in fields),
        files=any(lost.form.files.values()),
    )


def _is_secret(name: str) -> bool:
    return name in ("password", "old", "pin", "code", "credential")


def _must_be_asked_here(request: web.Request) -> None:
    """Under a name of ours: a foreign one is how another site gets at a console in a network that
    it cannot reach itself (DNS rebinding). Raises HTTPMisdirectedRequest."""
    rules = request.app[SITE].rules
    try:
        asked = urlsplit(f"//{request.host}").hostname or ""
        urlsplit(f"//{request.host}").port  # noqa: B018 - it is read for what it raises
    except ValueError:
        asked = ""
    ours = {"localhost", socket.gethostname().lower(), *(host.lower() for host in rules.hosts)}
    if rules.public_url:
        ours.add(urlsplit(rules.public_url).hostname or "")
    if asked and (asked in ours or _is_address(asked)):
        return
    log.warning("asked under a name that is not ours", host=request.host[:100])
    raise web.HTTPMisdirectedRequest(text=NOT_HERE)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _must_be_readable(request: web.Request) -> None:
    """No byte in address or query that no database takes. Raises HTTPBadRequest."""
    check_text(request.path)
    for name, value in request.query.items():
        check_text(name + value)
