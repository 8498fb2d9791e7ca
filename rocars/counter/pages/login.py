"""Registrars log in with name, password and the code of their token; the language of the pages."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from rocars.counter.site import ACCESS, ROOT, SITE, WORDS, action, render, words_for
from rocars.crossing.officers import LockedOut, OfficerRole, OfficerVisitor
from rocars.typed import number


async def _home(_: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(f"{ROOT}/queue")


async def _page(request: web.Request) -> web.StreamResponse:
    return _asked(request)


def _asked(
    request: web.Request, problem: str = "", status: int = 200, *, form: Form | None = None
) -> web.Response:
    """With what was sent before, but for the secrets."""
    there = form.text("next") if form is not None else request.query.get("next", f"{ROOT}/queue")
    return render(
        request,
        "login.html.j2",
        status=status,
        problem=problem,
        next=own_path(there),
        name=form.text("name") if form is not None else "",
    )


async def _log_in(request: web.Request) -> web.StreamResponse:
    desk = request.app[SITE]
    public_url = desk.settings.public_url
    check_same_origin(request, public_url)
    _ = words_for(request)
    address = desk.address_of(request)
    if not await desk.throttle.allows(address):
        return _asked(request, _("Too many log-ins from your address. Wait a minute."), 429)
    form = await read_form(request)
    try:
        visitor = await desk.officers.log_in(
            form.text("name").lower(),
            form.fields.get("password", ""),
            number(form.text("code")),
            address,
        )
    except LockedOut:
        problem = _("Too many log-ins of this name failed. Try again later.")
        return _asked(request, problem, 429, form=form)
    if visitor is None:
        return _asked(request, _("Name, password or code is wrong."), 403, form=form)
    if not visitor.may(OfficerRole.REGISTRAR):
        await desk.officers.log_out(visitor.token)
        return _asked(request, _("These pages are for registrars."), 403)
    answer = web.HTTPSeeOther(own_path(form.text("next")))
    secure = is_secure(request, public_url)
    answer.set_cookie(
        ACCESS.cookie_name(request),
        visitor.token,
        httponly=True,
        samesite="Lax",
        secure=secure,
        path="/" if secure else ROOT,  # the prefix of the name behind TLS asks for it
        max_age=int(desk.session.session_hours * 3600),
    )
    raise answer


async def _log_out(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    await request.app[SITE].officers.log_out(visitor.token)
    answer = web.HTTPSeeOther(f"{ROOT}/login")
    secure = is_secure(request, request.app[SITE].settings.public_url)
    answer.del_cookie(ACCESS.cookie_name(request), path="/" if secure else ROOT, secure=secure)
    raise answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, request.app[SITE].settings.public_url)


LOGIN: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/", _home),
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/language", _choose_language),
        web.post("/logout", action(OfficerRole.REGISTRAR, _log_out)),
    ]
)
