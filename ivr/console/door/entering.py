"""What the ways to log in have in common: how somebody is let in, and how they are told why not."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from ground.web.lockout import LockedFor
from ivr.console.door.cookies import keep
from ivr.console.door.guard import ACCESS
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records.known_devices import DEVICE_KNOWN
from ivr.records.visitor import Visitor

DEVICE = "rocars_device"
"""Cookie by which a browser is known that has logged in before."""


def login_page(
    request: web.Request, there: str, problem: str = "", status: int = 200, name: str = ""
) -> web.Response:
    oidc = request.app[SITE].rules.oidc
    return render(
        request,
        "login.html.j2",
        None,
        status=status,
        problem=problem,
        next=there,
        name=name,
        provider=oidc.title if oidc.is_on else "",
    )


def let_in(request: web.Request, visitor: Visitor, there: str) -> web.HTTPSeeOther:
    """The way on, with the cookie of the session."""
    site = request.app[SITE]
    metrics.console_logins_total.labels("good").inc()
    answer = web.HTTPSeeOther(there)
    keep(request, answer, ACCESS.cookie, visitor.token, site.rules.session_hours * 3600)
    keep(request, answer, DEVICE, visitor.device, DEVICE_KNOWN / timedelta(seconds=1))
    return answer


def locked_out(request: web.Request, locked: LockedFor) -> str:
    """What somebody is told whose name is locked."""
    metrics.console_logins_total.labels("locked").inc()
    minutes, _ = max(1, round(locked.seconds / 60)), words_for(request)
    problem = _("Too many log-ins failed with this name. It is locked for %(minutes)d min.")
    return problem % {"minutes": minutes}


def agent_of(request: web.Request) -> str:
    """What the browser says that it is, without bytes that are no text."""
    given = request.headers.get("User-Agent", "")
    return "".join(letter for letter in given if letter.isprintable())
