"""Officers log in with name, password and the code of their token; the language of the pages."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.navigation import Entry, PageModule
from ground.web.requests import is_secure, own_path
from rocars.crossing.officers import LockedOut, OfficerRole, OfficerVisitor
from rocars.crossing.web.site import ACCESS, COOKIE, ROOT, SITE, WORDS, render
from rocars.typed import number


async def _home(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    """The first page that this officer may see."""
    entries = request.app[SITE].navigation
    raise web.HTTPSeeOther(next(entry.path for entry in entries if visitor.may(entry.needed)))


async def _page(request: web.Request) -> web.StreamResponse:
    return _asked(request)


def _asked(
    request: web.Request, problem: str = "", status: int = 200, *, form: Form | None = None
) -> web.Response:
    """With what was sent before, but for the secrets."""
    there = form.text("next") if form is not None else request.query.get("next", f"{ROOT}/")
    return render(
        request,
        "login.html.j2",
        status=status,
        problem=problem,
        next=own_path(there),
        name=form.text("name") if form is not None else "",
    )


async def _log_in(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.settings.public_url)
    _ = WORDS.words_for(request)
    address = site.address_of(request)
    if not await site.throttle.allows(address):
        return _asked(request, _("Too many log-ins from your address. Wait a minute."), 429)
    form = await read_form(request)
    try:
        visitor = await site.officers.log_in(
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
    answer = web.HTTPSeeOther(own_path(form.text("next")))
    answer.set_cookie(
        COOKIE,
        visitor.token,
        httponly=True,
        samesite="Lax",
        secure=is_secure(request, site.settings.public_url),
        path=ROOT,
        max_age=int(site.settings.session_hours * 3600),
    )
    raise answer


async def _log_out(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    await request.app[SITE].officers.log_out(visitor.token)
    answer = web.HTTPSeeOther(f"{ROOT}/login")
    answer.del_cookie(COOKIE, path=ROOT)
    raise answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, request.app[SITE].settings.public_url)


LOGIN: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/", ACCESS.page(OfficerRole.ANY, _home)),
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/language", _choose_language),
        web.post("/logout", ACCESS.action(OfficerRole.ANY, _log_out)),
    ],
    # Registrars have nothing to do here: their desk is a web of its own, with a log-in of its own.
    entries=(Entry("/registration/queue", "Registration", OfficerRole.REGISTRAR),),
)
