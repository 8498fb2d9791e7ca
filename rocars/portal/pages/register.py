"""Applying for registration, without an account: the form, and looking again at what was sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.refusal import Refusal
from ground.web.forms import Form, check_same_origin, number_in, read_form
from ground.web.navigation import PageModule
from ground.web.words import Translate
from rocars.clock import in_hong_kong
from rocars.entrance.lockout import at_address
from rocars.portal.rendering import WORDS, render, words_for
from rocars.portal.site import SITE
from rocars.registry.application_form import (
    ApplicationData,
    FormRules,
    PageLanguage,
    filled,
    read,
)
from rocars.registry.applications import OPEN, ApplicationView, written
from rocars.registry.deeds import NotPossible
from rocars.service import Service
from rocars.store.tables.registration import MAX_SIGNATORIES

LABELS = {
    "kind": "Kind of registrant",
    "name": "Name of the company, organisation or person",
    "registration_number": "Registration number",
    "responsible_person": "Responsible person",
    "phone": "Telephone",
    "address": "Address",
    "lodges": "To lodge cargo data",
    "counter": "Registration counter",
}
ROWS = {
    "trucker": (
        "Trucker %(number)d",
        {"name": "Name", "phone": "Mobile telephone", "vehicles": "Hong Kong registration marks"},
    ),
    "client": (
        "Client %(number)d",
        {
            "name": "Name of the client",
            "number": "Registration number of the client",
            "consented_by": "Who agreed",
            "consented_on": "Day of the consent",
        },
    ),
}
"""The fields of the form, in English; rows by kind, each with what it is called."""

_FIRST_ROWS = 2
_MORE_ROWS = 3


@dataclass(frozen=True)
class Filled:
    """The form as it is shown: what was typed, what is wrong with it, and for which application.

    Args:
        more: rows that were asked for besides those that are filled in.
        reference, code: of an application that is corrected; empty for a new one.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, Refusal] = field(default_factory=dict)
    problem: str = ""
    more: Mapping[str, int] = field(default_factory=dict)
    reference: str = ""
    code: str = field(default="", repr=False)
    answer: str = ""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/register", _ask),
        web.post("/register", _take),
        web.get("/register/again", _ask_again),
        web.post("/register/again", _show_again),
        web.post("/register/correct", _correct),
        web.post("/register/withdraw", _withdraw),
    ]


async def _ask(request: web.Request) -> web.StreamResponse:
    return _asked(request, Filled())


def _asked(request: web.Request, shown: Filled, status: int = 200) -> web.Response:
    settings = request.app[SITE].service.settings.registration
    _ = words_for(request)
    most = {"trucker": settings.most_truckers, "client": settings.most_clients}
    return render(
        request,
        "register.html.j2",
        None,
        status=status,
        values=shown.values,
        wrong={name: refusal.message(_) for name, refusal in shown.wrong.items()},
        labels={name: label_of(name, _) for name in shown.wrong},
        problem=shown.problem,
        reference=shown.reference,
        code=shown.code,
        answer=shown.answer,
        key=shown.values.get("key") or secrets.token_urlsafe(24),
        rows={kind: range(1, _rows(shown, kind, most[kind]) + 1) for kind in most},
        most=most,
        signatories=range(1, MAX_SIGNATORIES + 1),
        counters=settings.counters,
        page_language=WORDS.language_of(request),
        today=in_hong_kong(request.app[SITE].service.clock()).date(),
    )


def label_of(name: str, _: Translate) -> str:
    """What the form calls a field, in the language of the page."""
    for kind, (row, fields) in ROWS.items():
        number, between, part = name.removeprefix(kind).partition("_")
        if name.startswith(kind) and between:
            return f"{_(row) % {'number': int(number)}}: {_(fields[part])}"
    if name.startswith("signatory"):
        return _("Signatory %(number)d") % {"number": int(name.removeprefix("signatory"))}
    return _(LABELS[name])


def _rows(shown: Filled, kind: str, most: int) -> int:
    """How many rows of a kind are shown: those filled in, those asked for, and some to begin."""
    in_use = [
        number
        for name, value in shown.values.items()
        if value
        and name.startswith(kind)
        and (number := number_in(name.removeprefix(kind).partition("_")[0], 3))
    ]
    wanted = max(_FIRST_ROWS, max(in_use, default=0), shown.more.get(kind, 0))
    return min(most, wanted)


async def _take(request: web.Request) -> web.StreamResponse:
    form = await _form_of(request)
    if more := _more(form):
        return _asked(request, Filled(form.fields, more=more))
    _ = words_for(request)
    site = request.app[SITE]
    if not await site.applications.allows(site.address_of(request)):
        problem = _("Too many applications from your address. Wait a minute.")
        return _asked(request, Filled(form.fields, problem=problem), 429)
    data = _read(request, form)
    if not isinstance(data, ApplicationData):
        return _asked(request, Filled(form.fields, data), 422)
    try:
        sent = await site.service.applications.send(data, form.text("key"))
    except NotPossible as why:
        return _asked(request, Filled(form.fields, problem=why.message(_)), 409)
    except SQLAlchemyError:
        return _asked(request, Filled(form.fields, problem=_away(request)), 503)
    counter = _counter(site.service, data.counter, WORDS.language_of(request))
    return render(request, "registered.html.j2", None, sent=sent, counter=counter)


def _more(form: Form) -> dict[str, int]:
    """The rows that were asked for, if a button for more was pressed; they count as none else."""
    kind = form.text("more")
    if kind not in ("trucker", "client"):
        return {}
    rows = {name: number_in(form.text(f"rows_{name}"), 3) or 0 for name in ("trucker", "client")}
    rows[kind] += _MORE_ROWS
    return rows


async def _form_of(request: web.Request) -> Form:
    check_same_origin(request, request.app[SITE].public_url)
    return await read_form(request)


def _read(request: web.Request, form: Form) -> ApplicationData | dict[str, Refusal]:
    service = request.app[SITE].service
    rules = FormRules(
        service.settings.registration, service.settings.vehicles.z_four_digits_is_mainland
    )
    language = cast(PageLanguage, WORDS.language_of(request))
    return read(form.fields, rules, language, in_hong_kong(service.clock()).date())


def _away(request: web.Request) -> str:
    return words_for(request)(
        "The database is not available. What you typed is still here: send it again later."
    )


def _counter(service: Service, code: str, language: str) -> str:
    """The name of a counter; its code, if there is no such counter any more."""
    for counter in service.settings.registration.counters:
        if counter.code == code:
            return counter.named(language)
    return code


async def _ask_again(request: web.Request) -> web.StreamResponse:
    return render(request, "registered_again.html.j2", None, problem="", reference="")


async def _show_again(request: web.Request) -> web.StreamResponse:
    return await _looked_at(request, await _form_of(request))


async def _looked_at(request: web.Request, form: Form) -> web.StreamResponse:
    seen = await _of_applicant(request, form)
    if isinstance(seen, web.Response):
        return seen
    return _seen(request, form, seen)


def _seen(
    request: web.Request, form: Form, seen: ApplicationView, *, problem: str = ""
) -> web.Response:
    service = request.app[SITE].service
    return render(
        request,
        "application.html.j2",
        None,
        status=409 if problem else 200,
        seen=seen,
        code=form.text("code"),
        problem=problem,
        counter=_counter(service, seen.counter, WORDS.language_of(request)),
        can_change=seen.state in OPEN,
    )


async def _of_applicant(request: web.Request, form: Form) -> ApplicationView | web.Response:
    """The application whose reference and code were typed, or the page that says why not. Tries
    are counted for the reference from this address."""
    site = request.app[SITE]
    _ = words_for(request)
    reference = written(form.text("reference"))
    address = site.address_of(request)
    if not await site.throttle.allows(address):
        text = _("Too many log-ins from your address. Wait a minute.")
        return _again(request, reference, text, 429)
    counted = at_address("apply", reference, address)
    try:
        if not await site.service.lockout.admits(counted):
            minutes = site.service.settings.auth.lock_minutes
            text = _("Too many tries failed. Wait %(minutes)d minutes.") % {"minutes": minutes}
            return _again(request, reference, text, 429)
        seen = await site.service.applications.of_applicant(reference, form.text("code"))
        if seen is None:
            return _again(request, reference, _("Reference or code is wrong."), 403)
        await site.service.lockout.clear(counted)
    except SQLAlchemyError:
        return _again(request, reference, _away(request), 503)
    return seen


def _again(request: web.Request, reference: str, problem: str, status: int) -> web.Response:
    return render(
        request,
        "registered_again.html.j2",
        None,
        status=status,
        problem=problem,
        reference=reference,
    )


async def _correct(request: web.Request) -> web.StreamResponse:
    """First shows the form with what was sent in it, then takes it corrected."""
    form = await _form_of(request)
    seen = await _of_applicant(request, form)
    if isinstance(seen, web.Response):
        return seen
    _ = words_for(request)
    if seen.state not in OPEN:
        return _seen(request, form, seen, problem=_("This application is decided already."))
    again = Filled(
        filled(seen.data),
        reference=seen.reference,
        code=form.text("code"),
        answer=seen.answer if seen.state == "asked" else "",
    )
    if "kind" not in form.fields:
        return _asked(request, again)
    again = replace(again, values=form.fields)
    if more := _more(form):
        return _asked(request, replace(again, more=more))
    data = _read(request, form)
    if not isinstance(data, ApplicationData):
        return _asked(request, replace(again, wrong=data), 422)
    try:
        await request.app[SITE].service.applications.correct(seen, data)
    except NotPossible as why:
        return _asked(request, replace(again, problem=why.message(_)), 409)
    return await _looked_at(request, form)


async def _withdraw(request: web.Request) -> web.StreamResponse:
    form = await _form_of(request)
    seen = await _of_applicant(request, form)
    if isinstance(seen, web.Response):
        return seen
    try:
        await request.app[SITE].service.applications.withdraw(seen)
    except NotPossible as why:
        return _seen(request, form, seen, problem=why.message(words_for(request)))
    return await _looked_at(request, form)


PAGES: PageModule[str] = PageModule(routes)
