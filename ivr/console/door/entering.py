"""What the ways to log in have in common: how somebody is let in, and how they are told why not."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from ground.web.lockout import LockedFor
from ivr.console.door.cookies import keep
from ivr.console.door.guard import ACCESS
from ivr.console.rendering import render, tell, words_for
from ivr.console.shown import when
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records.factor_changes import REMOVALS
from ivr.records.known_devices import DEVICE_KNOWN
from ivr.records.people_tables import Person
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


async def let_in(request: web.Request, visitor: Visitor, there: str) -> web.HTTPSeeOther:
    """The way on, with the cookie of the session. Raises RecordsUnavailable."""
    site = request.app[SITE]
    await _tell_of_removals(request, visitor.person)
    metrics.console_logins_total.labels("good").inc()
    answer = web.HTTPSeeOther(there)
    keep(request, answer, ACCESS.cookie, visitor.token, site.rules.session_hours * 3600)
    keep(request, answer, DEVICE, visitor.device, DEVICE_KNOWN / timedelta(seconds=1))
    return answer


async def _tell_of_removals(request: web.Request, person: Person) -> None:
    """At each log-in for two weeks, since whoever did it cannot have it said to them alone."""
    removals = await request.app[SITE].people.factors.latest(person.name, REMOVALS, most=1)
    _ = words_for(request)
    sentence = _(
        "A second factor of your account was removed: %(time)s, by %(who)s, from %(address)s. "
        "If you know nothing of it, tell an administrator."
    )
    for removal in removals:
        address = removal.detail.get("address", "–")
        tell(request, sentence % {"time": when(removal.at), "who": removal.who, "address": address})


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
