"""The second step of a log-in: the code of an authenticator, or a passkey."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.lockout import LockedFor
from ground.web.requests import own_path
from ivr.console.door.cookies import kept
from ivr.console.door.entering import DEVICE, agent_of, let_in, locked_out, login_page
from ivr.console.door.guard import place_of_request
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records.database import RecordsUnavailable
from ivr.records.passkeys import PasskeyProof, RelyingParty
from ivr.records.second_factor import SecondFactorAway
from ivr.records.second_proof import CodeProof, ProofKind, SecondProof

log = structlog.get_logger(__name__)

Given = Callable[[web.Request, Form], SecondProof | None]
"""The proof in a form; None where there cannot be one."""


def relying_party(request: web.Request) -> RelyingParty | None:
    """The console as passkeys know it: by `public_url`, else as it is asked. None where it is asked
    by an address, or by another name than that of `public_url`: browsers make none there."""
    public = urlsplit(request.app[SITE].rules.public_url)
    here = urlsplit(f"//{request.host}").hostname or ""
    if public.hostname and public.hostname != here:
        return None
    try:
        ipaddress.ip_address(here)
    except ValueError:
        scheme, where = public.scheme or request.scheme, public.netloc or request.host
        return RelyingParty(here, f"{scheme}://{where}")
    return None


async def second_step_page(
    request: web.Request, there: str, ticket: str, problem: str = "", status: int = 200
) -> web.Response:
    """Asks for what the holder of the ticket can give. Raises RecordsUnavailable."""
    return render(
        request,
        "second_step.html.j2",
        None,
        status=status,
        problem=problem,
        next=there,
        ticket=ticket,
        wanted=await request.app[SITE].passkeys.wanted(ticket, relying_party(request)),
    )


def code_given(request: web.Request, form: Form) -> SecondProof | None:
    factor = request.app[SITE].people.second_factor
    return CodeProof(factor, form.text("code")) if factor is not None else None


def passkey_given(request: web.Request, form: Form) -> SecondProof | None:
    party = relying_party(request)
    return PasskeyProof(form.text("credential"), party) if party is not None else None


def not_taken(request: web.Request, kind: ProofKind) -> str:
    """What somebody is told whose proof is wrong."""
    _ = words_for(request)
    return {
        ProofKind.CODE: _(
            "The code is wrong, was used before, or came too late. Wait for the next."
        ),
        ProofKind.PASSKEY: _("The passkey was not taken. Try again, or begin anew."),
    }[kind]


async def give_code(request: web.Request) -> web.StreamResponse:
    return await _give(request, code_given, not_taken(request, ProofKind.CODE))


async def give_passkey(request: web.Request) -> web.StreamResponse:
    return await _give(request, passkey_given, not_taken(request, ProofKind.PASSKEY))


async def _give(request: web.Request, given: Given, wrong: str) -> web.StreamResponse:
    site, _ = request.app[SITE], words_for(request)
    check_same_origin(request, site.rules.public_url)
    address = place_of_request(request)
    form = await read_form(request)
    ticket, there = form.text("ticket"), own_path(form.text("next"))
    device, proof = kept(request, DEVICE), given(request, form)
    try:
        if not site.throttle.allows(address):
            problem = _("Too many log-ins from your address. Wait a minute.")
            return await second_step_page(request, there, ticket, problem, 429)
        visitor = None
        if proof is not None:
            visitor = await site.people.with_second_factor(
                ticket, proof, address, device, agent_of(request)
            )
        if visitor is None:
            metrics.console_logins_total.labels("refused").inc()
            return await second_step_page(request, there, ticket, wrong, 403)
    except LockedFor as locked:
        problem = locked_out(request, locked)
        return await second_step_page(request, there, ticket, problem, 429)
    except (SecondFactorAway, RecordsUnavailable) as failure:
        log.error("the second factor cannot be checked", why=str(failure))
        problem = _("Nobody can log in now. It was written to the log.")
        return login_page(request, there, problem, 503)
    raise await let_in(request, visitor, there)
