"""Who stands before a kiosk: a driver, a shipper or a trainee who logged in there a moment ago.

The cookie holds the token of their log-in and when the kiosk was last touched, signed by its key.
So a kiosk whose page died forgets them as well, and every node of ROCARS knows as much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from aiohttp import web

from ground.web.requests import is_secure
from rocars.entrance.sessions import LoggedInDriver
from rocars.entrance.web_login import WebVisitor
from rocars.kiosk.devices import Device
from rocars.kiosk.site import ROOT, SITE
from rocars.refusals import Problem
from rocars.registry.agencies import ActingFor
from rocars.training.course import Trainee

VISIT_COOKIE = "rocars_kiosk_visit"
Kind = Literal["driver", "shipper", "trainee"]
_TOUCHED_EVERY_S = 10.0
"""How often a page that is touched says so (`kiosk.js`)."""
_SLACK_S = 5.0
_AHEAD_S = 120.0
"""A cookie from later than this after now was written by a wrong clock."""


@dataclass(frozen=True)
class Visit:
    """Somebody at a kiosk: one of `driver` and `shipper`. `csrf` comes back with every form.

    A trainee is who has an account, as `shipper`; on the training ground they are both, with
    company and vehicle there, which `trainee` names. They are let in nowhere else, and nobody else
    is there.

    With `client` this page is about a client of the shipper's company, whose `company_id` the
    shipper has here; `base` is what the addresses begin with that such a page leads to.
    """

    device: Device
    kind: Kind
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    driver: LoggedInDriver | None = None
    shipper: WebVisitor | None = None
    client: ActingFor | None = None
    trainee: Trainee | None = None
    base: str = ROOT


async def visit_of(request: web.Request, device: Device) -> Visit | None:
    """Who is there, if anybody still is."""
    service = request.app[SITE].service
    held = _held(request, device)
    if held is None:
        return None
    kind, token = held
    csrf = device.sign(f"csrf.{token}")
    if kind == "driver":
        try:
            driver = await service.sessions.driver(token)
        except Problem:
            return None
        return Visit(device, "driver", token, csrf, driver=driver)
    shipper = await request.app[SITE].web_login.visitor(token)
    if shipper is None or (kind == "shipper" and shipper.role != "shipper"):
        return None
    return Visit(device, kind, token, csrf, shipper=shipper)


def keep(
    request: web.Request, response: web.StreamResponse, device: Device, kind: Kind, token: str
) -> None:
    """Note that the kiosk was touched now."""
    site = request.app[SITE]
    text = f"{kind}.{token}.{int(site.service.clock().timestamp())}"
    response.set_cookie(
        VISIT_COOKIE,
        f"{text}.{device.sign(text)}",
        httponly=True,
        samesite="Strict",
        secure=is_secure(request, site.public_url),
        path=ROOT,
    )


async def end(request: web.Request, device: Device) -> None:
    """End the log-in of whoever was there."""
    site = request.app[SITE]
    held = _held(request, device, lapsed=True)
    if held is None:
        return
    kind, token = held
    if kind == "driver":
        await site.service.sessions.end(token)
    else:
        await site.web_login.log_out(token)


def _held(request: web.Request, device: Device, *, lapsed: bool = False) -> tuple[Kind, str] | None:
    """Kind and token of the cookie; `lapsed`: even if nobody touched the kiosk for too long."""
    kind, _, rest = request.cookies.get(VISIT_COOKIE, "").partition(".")
    token, _, rest = rest.partition(".")
    touched, _, signature = rest.partition(".")
    if not device.signed(f"{kind}.{token}.{touched}", signature):
        return None
    age = request.app[SITE].service.clock().timestamp() - float(touched)
    if not lapsed and not -_AHEAD_S <= age <= _longest(request):
        return None
    return (cast(Kind, kind), token) if kind in get_args(Kind) else None


def _longest(request: web.Request) -> float:
    """How old the last touch may be, s."""
    return request.app[SITE].settings.idle_s + _TOUCHED_EVERY_S + _SLACK_S
