"""Every page and press says who may use it: a kiosk, or whoever is logged in at one. In training
all pages are for trainees."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from ground.web.forms import TOKEN, Form, check_same_origin, number_in, read_form
from rocars.entrance.sessions import LoggedInDriver
from rocars.entrance.web_login import WebVisitor
from rocars.kiosk.devices import DEVICE_COOKIE, Device, device_of
from rocars.kiosk.site import ROOT, SITE, TRAINING, message_page, words_for
from rocars.kiosk.visits import Kind, Visit, keep, visit_of
from rocars.portal.guard import CLIENT
from rocars.store.journal import by_agent, through
from rocars.training.course import Course

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AtKiosk = Callable[[web.Request, Device], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, Visit], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, Visit, Form], Awaitable[web.StreamResponse]]


def at_kiosk(show: AtKiosk) -> Handler:
    """For every kiosk, whether somebody is known there or not; not more often than it may."""

    async def handler(request: web.Request) -> web.StreamResponse:
        site = request.app[SITE]
        device = device_of(request.cookies.get(DEVICE_COOKIE, ""), site.devices)
        if device is None:
            if request.method != "GET":
                raise web.HTTPForbidden
            there = quote(request.path, safe="")
            raise web.HTTPSeeOther(f"{ROOT}/device?next={there}")
        if not site.pace.allows(device.name):
            _ = words_for(request)
            return message_page(request, 429, _("Too much at once. Wait a minute."))
        if request.method != "GET":
            check_same_origin(request, site.public_url)
        with through("kiosk", device.name):
            return await show(request, device)

    return handler


def page(kind: Kind, show: Page) -> Handler:
    """A page for a driver, a shipper or a trainee who is logged in at the kiosk."""

    async def shown(request: web.Request, device: Device) -> web.StreamResponse:
        visit = await _visit(request, device, kind)
        return await _touched(request, visit, show(request, visit))

    return at_kiosk(shown)


def action(kind: Kind, do: Action) -> Handler:
    """Something that changes things: a form of theirs."""

    async def done(request: web.Request, device: Device) -> web.StreamResponse:
        visit = await _visit(request, device, kind)
        form = await read_form(request)
        given = form.text(TOKEN).encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, visit.csrf.encode()):
            raise web.HTTPForbidden
        return await _touched(request, visit, do(request, visit, form))

    return at_kiosk(done)


async def _visit(request: web.Request, device: Device, kind: Kind) -> Visit:
    """Raises a redirection to the first page when it is nobody, or somebody else."""
    visit = await visit_of(request, device)
    course = request.app[SITE].course
    if visit is None or visit.kind != (kind if course is None else "trainee"):
        raise web.HTTPSeeOther(f"{ROOT}/")
    if course is not None and visit.shipper is not None:
        return await _on_training_ground(visit, visit.shipper, course)
    if CLIENT in request.match_info and visit.shipper is not None:
        return await _for_client(request, visit, visit.shipper)
    return visit


async def _on_training_ground(visit: Visit, account: WebVisitor, course: Course) -> Visit:
    """The same person, with the company they have there; where cargo is bundled they are its
    driver."""
    trainee = await course.trainee(account.account_id)
    there = replace(account, company_id=trainee.company_id, company=trainee.company)
    driver = LoggedInDriver(trainee.driver_id, account.user_id)
    return replace(visit, shipper=there, driver=driver, trainee=trainee, base=TRAINING)


async def _for_client(request: web.Request, visit: Visit, shipper: WebVisitor) -> Visit:
    """The same person, on a page of their client, as on the portal: the consent is looked at for
    every request."""
    agencies = request.app[SITE].service.agencies
    number = number_in(request.match_info[CLIENT])
    client = await agencies.acting_for(number, shipper.company_id) if number is not None else None
    if client is None:
        raise web.HTTPNotFound
    by_agent(client.agency, shipper.user_id)
    acting = replace(
        shipper, company_id=client.company_id, company=client.number, acting_for=client
    )
    base = f"{ROOT}/clients/{client.agency}"
    return replace(visit, shipper=acting, client=client, base=base)


async def _touched(
    request: web.Request, visit: Visit, made: Awaitable[web.StreamResponse]
) -> web.StreamResponse:
    try:
        response = await made
    except web.HTTPSeeOther as elsewhere:
        keep(request, elsewhere, visit.device, visit.kind, visit.token)
        raise
    keep(request, response, visit.device, visit.kind, visit.token)
    return response
