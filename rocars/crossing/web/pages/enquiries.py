"""The enquiry hotline: an officer's page beside the caller."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.crossing.web.site import ACCESS, NOTICES, ROOT, SITE, WORDS, render
from rocars.hotline.deeds import NotPossible, reason_given
from rocars.hotline.subjects import Kind, NotASubject, Subject, subject_of

HERE = f"{ROOT}/enquiries"
_ONE = "/enquiries/{kind:[a-z]{3,7}}/{value:[A-Za-z0-9._-]{1,32}}"


def routes() -> list[web.RouteDef]:
    page, action, hotline = ACCESS.page, ACCESS.action, OfficerRole.HOTLINE
    return [
        web.get("/enquiries", page(hotline, _empty)),
        web.post("/enquiries", action(hotline, _search)),
        web.get(_ONE, page(hotline, _masked)),
        web.post(f"{_ONE}/show", action(hotline, _in_clear)),
        web.post(f"{_ONE}/unlock", action(hotline, _unlock)),
        web.post(f"{_ONE}/unbundle", action(hotline, _unbundle)),
        web.post(f"{_ONE}/text", action(hotline, _text)),
        web.get("/looks", page(OfficerRole.ANALYST, _looks)),
    ]


async def _empty(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    return _asked(request, visitor)


def _asked(
    request: web.Request,
    visitor: OfficerVisitor,
    *,
    problem: str = "",
    kind: str = Kind.CCRN,
    value: str = "",
    status: int = 422,
) -> web.Response:
    return render(
        request,
        "enquiries.html.j2",
        visitor,
        status=status if problem else 200,
        problem=problem,
        kinds=[str(each) for each in Kind],
        kind=kind,
        value=value,
    )


async def _search(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    """By a form and not in the address: what was typed may be anything."""
    kind, value = form.text("kind"), form.text("value")[:100]
    try:
        subject = subject_of(kind, value, request.app[SITE].vehicles)
    except NotASubject as why:
        problem = WORDS.words_for(request)(str(why))
        return _asked(request, visitor, problem=problem, kind=kind, value=value)
    raise web.HTTPSeeOther(_path(subject))


def _path(subject: Subject) -> str:
    return f"{HERE}/{subject.kind}/{subject.value}"


def _subject(request: web.Request) -> Subject:
    """The subject of the address. Raises HTTPNotFound."""
    named = request.match_info
    try:
        return subject_of(named["kind"], named["value"], request.app[SITE].vehicles)
    except NotASubject:
        raise web.HTTPNotFound from None


async def _masked(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    return await _shown(request, visitor)


async def _in_clear(
    request: web.Request, visitor: OfficerVisitor, form: Form
) -> web.StreamResponse:
    """Shown once, in the answer to the form: a page that is reloaded is masked again."""
    try:
        reason = reason_given(form.text("reason"))
    except NotPossible as why:
        return _back(request, visitor, why)
    return await _shown(request, visitor, reason)


async def _shown(
    request: web.Request, visitor: OfficerVisitor, reason: str = ""
) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    subject = _subject(request)
    found = await site.enquiries.look(visitor.name, subject, reason=reason)
    if found is None:
        problem = _("Nothing is known of it.")
        return _asked(
            request, visitor, problem=problem, kind=subject.kind, value=subject.value, status=404
        )
    return render(
        request,
        "enquiry.html.j2",
        visitor,
        found=found,
        clear=bool(reason),
        locked_until=await site.enquiries.locked_until(found),
        texts=site.texts_again.set_up,
        here=_path(subject),
    )


def _back(request: web.Request, visitor: OfficerVisitor, why: NotPossible) -> web.StreamResponse:
    """To the page of the subject, which says why nothing was done."""
    NOTICES.tell(request, WORDS.words_for(request)(str(why)), bad=True)
    raise web.HTTPSeeOther(_path(_subject(request)))


async def _unlock(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    subject = _subject(request)
    if subject.kind is not Kind.USER:
        raise web.HTTPNotFound
    try:
        await site.hotline.unlock(visitor.name, subject.value, form.text("reason"))
    except NotPossible as why:
        return _back(request, visitor, why)
    NOTICES.tell(request, _("Unlocked. The driver may log in again."))
    raise web.HTTPSeeOther(_path(subject))


async def _unbundle(
    request: web.Request, visitor: OfficerVisitor, form: Form
) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    try:
        await site.hotline.unbundle(visitor.name, form.text("ubr"), form.text("reason"))
    except NotPossible as why:
        return _back(request, visitor, why)
    NOTICES.tell(request, _("Unbundled. The cargo may be bundled anew."))
    raise web.HTTPSeeOther(_path(_subject(request)))


async def _text(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    try:
        number = await site.texts_again.send(visitor.name, form.text("ubr"), form.text("reason"))
    except NotPossible as why:
        return _back(request, visitor, why)
    NOTICES.tell(request, _("Text message sent to the number %(number)s.") % {"number": number})
    raise web.HTTPSeeOther(_path(_subject(request)))


async def _looks(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    """What the hotline looked at, for those who answer for it."""
    looks = await request.app[SITE].enquiries.looks()
    return render(request, "looks.html.j2", visitor, looks=looks)


ENQUIRIES: PageModule[OfficerRole] = PageModule(
    routes,
    (
        Entry(f"{ROOT}/enquiries", "Enquiries", OfficerRole.HOTLINE),
        Entry(f"{ROOT}/looks", "Looks of the hotline", OfficerRole.ANALYST),
    ),
)
