"""Second factors: set up, proved again before they are changed, removed; by administrators, taken
away from who has lost theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import segno
import structlog
from aiohttp import web
from markupsafe import Markup

from ground.web.forms import Form
from ground.web.lockout import LockedFor
from ground.web.navigation import PageModule
from ivr.console.door.guard import REFUSED, action, needs_second_factor, page
from ivr.console.door.second_step import code_given, not_taken, passkey_given, relying_party
from ivr.console.pages.people import PERSON
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.account import NotPossible
from ivr.records.factor_changes import (
    AUTHENTICATOR,
    LONGEST_REASON,
    ChangeKind,
    FactorChange,
)
from ivr.records.passkeys import RelyingParty
from ivr.records.roles import Role
from ivr.records.second_factor import SecondFactorAway, TicketUse
from ivr.records.second_proof import SecondProof
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

_TOO_MANY = "Too many wrong passwords. Wait a while."
_NO_KEY = "The second factor cannot be checked: its key is missing."
OF_PERSON = f"{PERSON}/second-factor"


def routes() -> list[web.RouteDef]:
    return [
        web.post("/me/second-factor/new", action(Role.VIEWER, _new_authenticator)),
        web.post("/me/second-factor", action(Role.VIEWER, _set_authenticator)),
        web.post("/me/second-factor/remove", action(Role.VIEWER, _remove_authenticator)),
        web.post("/me/passkeys/{number:[0-9]+}/remove", action(Role.VIEWER, _remove_passkey)),
        web.post("/me/second-factor/code", action(Role.VIEWER, _proved_by(code_given))),
        web.post("/me/second-factor/passkey", action(Role.VIEWER, _proved_by(passkey_given))),
        web.get(OF_PERSON, page(Role.ADMINISTRATOR, _of_person)),
        web.post(OF_PERSON, action(Role.ADMINISTRATOR, _take_away)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def must_know_password(request: web.Request, visitor: Visitor, form: Form) -> None:
    """Whoever finds a browser left open takes no account over with it. Raises NotPossible."""
    try:
        proved = await request.app[SITE].people.proves(
            visitor.person.name, form.fields.get("old", "")
        )
    except LockedFor:
        raise NotPossible(_TOO_MANY) from None
    if not proved:
        raise NotPossible("the password of today is wrong")


async def proof_wanted(
    request: web.Request, visitor: Visitor, change: FactorChange
) -> web.Response:
    """Asks who has given their password for one of their second factors too. Raises NotPossible."""
    people = request.app[SITE].people
    if people.second_factor is None:
        return error_page(request, 404, visitor)
    needed = needs_second_factor(request, visitor.person)
    factor, person = people.second_factor, visitor.person
    return await _proof_page(
        request, visitor, await people.factors.ticket(factor, person, change, needed=needed)
    )


async def _proof_page(
    request: web.Request, visitor: Visitor, ticket: str, problem: str = "", status: int = 200
) -> web.Response:
    party, use = relying_party(request), TicketUse.CHANGE_FACTORS
    return render(
        request,
        "factor_proof.html.j2",
        visitor,
        status=status,
        problem=problem,
        ticket=ticket,
        wanted=await request.app[SITE].passkeys.wanted(ticket, party, use),
    )


async def new_passkey(
    request: web.Request, visitor: Visitor, label: str, party: RelyingParty
) -> web.Response:
    """What the browser is to make. Raises NotPossible."""
    new = await request.app[SITE].passkeys.begin(visitor.person, label, party)
    return render(request, "passkey.html.j2", visitor, new=new, label=label)


async def _new_authenticator(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Nothing changes without its first code and the password (`_set_authenticator`); in place of
    another second factor or beside it, with that too."""
    if request.app[SITE].people.second_factor is None:
        return error_page(request, 404, visitor)
    if not visitor.person.has_second_factor:
        return _authenticator(request, visitor)
    try:
        await must_know_password(request, visitor, form)
        return await proof_wanted(request, visitor, FactorChange(ChangeKind.NEW_AUTHENTICATOR))
    except NotPossible as refusal:
        raise _refused(request, refusal) from None


def _authenticator(request: web.Request, visitor: Visitor) -> web.Response:
    """A seed, as picture and text; it counts once its first code has come back."""
    factor = request.app[SITE].people.second_factor
    assert factor is not None
    new = factor.enrol(visitor.person.name)
    picture = segno.make(new.address, error="m").svg_inline(scale=5, border=2)
    return render(request, "second_factor.html.j2", visitor, new=new, picture=Markup(picture))


async def _set_authenticator(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, _ = request.app[SITE].people, words_for(request)
    if people.second_factor is None:
        return error_page(request, 404, visitor)
    try:
        await must_know_password(request, visitor, form)
        await people.set_second_factor(visitor.person.name, form.text("sealed"), form.text("code"))
    except NotPossible as refusal:
        raise _refused(request, refusal) from None
    tell(request, _("From now on the code of your authenticator is asked for at log-in."))
    raise web.HTTPSeeOther("/me")


async def _remove_authenticator(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _removal(request, visitor, form, FactorChange(ChangeKind.REMOVE_AUTHENTICATOR))


async def _remove_passkey(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    change = FactorChange(ChangeKind.REMOVE_PASSKEY, request.match_info["number"])
    return await _removal(request, visitor, form, change)


async def _removal(
    request: web.Request, visitor: Visitor, form: Form, change: FactorChange
) -> web.Response:
    try:
        await must_know_password(request, visitor, form)
        return await proof_wanted(request, visitor, change)
    except NotPossible as refusal:
        raise _refused(request, refusal) from None


def _proved_by(
    given: Callable[[web.Request, Form], SecondProof | None],
) -> Callable[[web.Request, Visitor, Form], Awaitable[web.StreamResponse]]:
    async def proved(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
        site, party = request.app[SITE], relying_party(request)
        factor, proof, ticket = site.people.second_factor, given(request, form), form.text("ticket")
        if factor is None or proof is None:
            return error_page(request, 404, visitor)
        needed = needs_second_factor(request, visitor.person)
        try:
            change = await site.people.factors.prove(
                factor, visitor.person, ticket, proof, visitor.token, needed=needed
            )
            if change is None:
                wrong = not_taken(request, proof.kind)
                return await _proof_page(request, visitor, ticket, wrong, 403)
            if change.kind is ChangeKind.NEW_PASSKEY:
                if party is None:
                    return error_page(request, 404, visitor)
                return await new_passkey(request, visitor, change.of, party)
        except LockedFor:
            raise _refused(request, NotPossible(_TOO_MANY)) from None
        except SecondFactorAway as failure:
            log.error("the second factor cannot be checked", why=str(failure))
            raise _refused(request, NotPossible(_NO_KEY)) from None
        except NotPossible as refusal:
            raise _refused(request, refusal) from None
        if change.kind is ChangeKind.NEW_AUTHENTICATOR:
            return _authenticator(request, visitor)
        _ = words_for(request)
        tell(request, _("It is removed. Everywhere else you are logged out."))
        raise web.HTTPSeeOther("/me")

    return proved


async def _of_person(request: web.Request, visitor: Visitor) -> web.Response:
    return await _factors_of(request, visitor)


async def _factors_of(
    request: web.Request, visitor: Visitor, *, reason: str = "", status: int = 200
) -> web.Response:
    """Second factors of somebody; `reason`: what was typed and could not be taken."""
    site, name = request.app[SITE], request.match_info["name"]
    person = await site.people.accounts.by_name(name)
    if person is None:
        return error_page(request, 404, visitor)
    return render(
        request,
        "second_factors.html.j2",
        visitor,
        status=status,
        person=person,
        passkeys=await site.passkeys.of(name),
        changes=await site.people.factors.latest(name),
        authenticator=AUTHENTICATOR,
        longest_reason=LONGEST_REASON,
        reason=reason,
    )


async def _take_away(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    factors, name, _ = (
        request.app[SITE].people.factors,
        request.match_info["name"],
        words_for(request),
    )
    which, reason = form.text("which"), form.text("reason")
    try:
        await factors.take_away(visitor.person.name, name, which, reason)
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
        return await _factors_of(request, visitor, reason=reason, status=REFUSED)
    tell(request, _("Done."))
    raise web.HTTPSeeOther("/people")


def _refused(request: web.Request, refusal: NotPossible) -> web.HTTPSeeOther:
    """Said on the page behind one's name."""
    tell(request, refusal.message(words_for(request)), bad=True)
    return web.HTTPSeeOther("/me")
