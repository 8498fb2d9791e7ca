"""Shippers, agents and trainees log in with user ID and password: doors of one kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ground.web.forms import read_form
from ground.web.navigation import PageModule
from rocars.kiosk.devices import Device
from rocars.kiosk.guard import at_kiosk
from rocars.kiosk.site import ROOT, SITE, TRAINING, refusal, render, words_for
from rocars.kiosk.visits import Kind, keep
from rocars.refusals import Code, Problem
from rocars.typed import number


@dataclass(frozen=True)
class Door:
    """Where it is, below `base`, where it leads to, and who one is behind it."""

    path: str
    there: str
    kind: Kind = "shipper"
    base: str = ROOT


SHIPPERS = Door("/shipper", "/lodge")
AGENTS = Door("/agent", "/clients")
TRAINEES = Door("/enter", "/", "trainee", TRAINING)


def routes(*doors: Door) -> list[web.RouteDef]:
    return [
        *(web.get(door.path, at_kiosk(_asks(door))) for door in doors),
        *(web.post(door.path, at_kiosk(_logs_in(door))) for door in doors),
    ]


def _asks(door: Door) -> Callable[[web.Request, Device], Awaitable[web.StreamResponse]]:
    async def ask(request: web.Request, device: Device) -> web.StreamResponse:
        return _asked(request, door)

    return ask


def _asked(
    request: web.Request, door: Door, *, problem: str = "", status: int = 200, user_id: str = ""
) -> web.Response:
    return render(
        request,
        "shipper.html.j2",
        status=status,
        problem=problem,
        user_id=user_id,
        agent=door is AGENTS,
        door=door.base + door.path,
    )


def _logs_in(door: Door) -> Callable[[web.Request, Device], Awaitable[web.StreamResponse]]:
    async def log_in(request: web.Request, device: Device) -> web.StreamResponse:
        return await _log_in(request, device, door)

    return log_in


async def _log_in(request: web.Request, device: Device, door: Door) -> web.StreamResponse:
    """Failures are counted for this user ID at this kiosk: they lock nobody out elsewhere."""
    web_login = request.app[SITE].web_login
    _ = words_for(request)
    form = await read_form(request)
    user_id = number(form.text("user_id")[:32])
    try:
        token = await web_login.log_in(
            user_id, form.fields.get("password", "")[:256], f"kiosk {device.name}"
        )
    except Problem as refused:
        if refused.code is Code.LOGIN_LOCKED:
            return _asked(request, door, problem=refusal(request, refused), status=429)
        problem = _("User ID or password is wrong.")
        return _asked(request, door, problem=problem, status=403, user_id=user_id)
    visitor = await web_login.visitor(token)
    if visitor is None or (visitor.role != "shipper" and door.kind == "shipper"):
        await web_login.log_out(token)
        problem = _("This is the account of a driver. Go back, and choose Bundle.")
        return _asked(request, door, problem=problem, status=403)
    if visitor.must_change:
        await web_login.log_out(token)
        problem = _("This password is good once alone. Choose another on the portal first.")
        return _asked(request, door, problem=problem, status=403)
    answer = web.HTTPSeeOther(f"{door.base}{door.there}")
    keep(request, answer, device, door.kind, token)
    raise answer


PAGES: PageModule[str] = PageModule(lambda: routes(SHIPPERS, AGENTS))
