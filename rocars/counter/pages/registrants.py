"""Registrants: found, and what is done for those who come to the counter."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.counter import texts
from rocars.counter.site import NOTICES, ROOT, SITE, action, failure, page, render, words_for
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.registry.application_form import PageLanguage
from rocars.registry.deeds import NotPossible, needed
from rocars.typed import number

_USER_ID = "{user_id:[A-Za-z0-9]{1,32}}"
_SHEET_LANGUAGES: dict[str, PageLanguage] = {"yue": "zh-Hant", "cmn": "zh-Hans", "en": "en"}


async def _search(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    text = request.query.get("text", "").strip()[:120]
    found = await request.app[SITE].registrants.search(text) if text else ()
    return render(request, "registrants.html.j2", visitor, text=text, found=found)


async def _show(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    desk = request.app[SITE]
    user_id = request.match_info["user_id"]
    registrant = await desk.registrants.registrant(user_id)
    if registrant is None:
        return failure(request, 404, visitor)
    return render(
        request,
        "registrant.html.j2",
        visitor,
        who=registrant,
        packs=await desk.packs.of_account(user_id),
        token=await desk.tokens.of_driver(user_id),
        agencies=await desk.agencies.of_company(registrant.company_id, registrant.company_number),
        deeds=await desk.log.deeds(user_id),
        sheet_languages=_SHEET_LANGUAGES,
        now=desk.clock(),
    )


async def _secrets(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    desk = request.app[SITE]
    counter, language = _where(request, form)
    replacing = desk.packs.replace_secrets(
        visitor.name, request.match_info["user_id"], counter, language, form.text("reason")
    )
    return await _done(request, replacing, "secrets")


async def _token(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    desk = request.app[SITE]
    counter, language = _where(request, form)
    carrier = "device" if form.text("token") == "device" else "soft"
    replacing = desk.packs.replace_token(
        visitor.name, request.match_info["user_id"], counter, language, carrier, form.text("reason")
    )
    return await _done(request, replacing, "token")


async def _revoke(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    revoking = request.app[SITE].tokens.revoke(
        visitor.name, request.match_info["user_id"], form.text("reason")
    )
    return await _done(request, revoking, "revoked")


async def _resynchronise(
    request: web.Request, visitor: OfficerVisitor, form: Form
) -> web.StreamResponse:
    bringing = request.app[SITE].tokens.resynchronise(
        visitor.name,
        request.match_info["user_id"],
        number(form.text("first")),
        number(form.text("second")),
    )
    return await _done(request, bringing, "resynchronised")


async def _unlock(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    desk = request.app[SITE]
    user_id = request.match_info["user_id"]

    async def unlock() -> None:
        reason = needed(form.text("reason"))
        await desk.log.write(visitor.name, "unlocked", user_id, reason, desk.clock())
        await desk.lockout.clear(user_id)

    return await _done(request, unlock(), "unlocked")


async def _done(request: web.Request, doing: Awaitable[None], done: str) -> web.StreamResponse:
    _ = words_for(request)
    try:
        await doing
    except NotPossible as why:
        NOTICES.tell(request, why.message(_), bad=True)
    else:
        NOTICES.tell(request, _(texts.DONE[done]))
    raise web.HTTPSeeOther(f"{ROOT}/registrants/{request.match_info['user_id']}")


def _where(request: web.Request, form: Form) -> tuple[str, str]:
    """The counter where the pack is handed over, and the language of its sheet."""
    known = [counter.code for counter in request.app[SITE].settings.counters]
    counter, language = form.text("counter"), form.text("language")
    return (
        counter if counter in known else known[0],
        language if language in _SHEET_LANGUAGES.values() else "zh-Hant",
    )


REGISTRANTS: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/registrants", page(OfficerRole.REGISTRAR, _search)),
        web.get(f"/registrants/{_USER_ID}", page(OfficerRole.REGISTRAR, _show)),
        *(
            web.post(f"/registrants/{_USER_ID}/{name}", action(OfficerRole.REGISTRAR, do))
            for name, do in (
                ("secrets", _secrets),
                ("token", _token),
                ("revoke", _revoke),
                ("resynchronise", _resynchronise),
                ("unlock", _unlock),
            )
        ),
    ],
    (Entry(f"{ROOT}/registrants", "Registrants", OfficerRole.REGISTRAR),),
)
