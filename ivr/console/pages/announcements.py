"""Announcements of the day: made, heard beforehand, ended."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from ivr.console import typed
from ivr.console.door.guard import action, page
from ivr.console.pages.prompts import number_of
from ivr.console.pages.sounds import sound
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.announcement_tables import AnnouncementKind, AnnouncementPlace
from ivr.records.announcements import LONGEST_WORDS, NewAnnouncement
from ivr.records.facts import now
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from speech.languages.language import Language

ONE = "/announcements/{number:[0-9]+}"
TONGUE = "{language:" + "|".join(Language) + "}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/announcements", page(Role.VIEWER, _announcements)),
        web.post("/announcements", action(Role.REVIEWER, _make)),
        web.post("/announcements/draft", action(Role.REVIEWER, _draft)),
        web.get(f"/announcements/draft/{TONGUE}.wav", page(Role.REVIEWER, _draft_sound)),
        web.post(f"{ONE}/end", action(Role.REVIEWER, _end)),
        web.get(f"{ONE}/{TONGUE}.wav", page(Role.VIEWER, _sound)),
    ]


PAGES = PageModule(routes, (Entry("/announcements", "Announcements", Role.VIEWER),))


async def _announcements(request: web.Request, visitor: Visitor) -> web.Response:
    return await _shown(request, visitor, {})


async def _draft(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """The same page, with what was typed, to be listened to."""
    return await _shown(request, visitor, form.fields, preview=True)


async def _make(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    try:
        await site.announcements.make(visitor.person.name, _new(form, site.languages))
    except NotAllowed as refusal:
        return await _shown(request, visitor, form.fields, refused=refusal.message(_))
    tell(request, _("Announced. Callers hear it from its beginning on, within a few seconds."))
    raise web.HTTPSeeOther("/announcements")


async def _end(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    try:
        await site.announcements.end(visitor.person.name, number_of(request, "number"))
    except NotAllowed as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("Ended. New callers do not hear it any more."))
    raise web.HTTPSeeOther("/announcements")


async def _sound(request: web.Request, visitor: Visitor) -> web.Response:
    found = await request.app[SITE].announcements.find(number_of(request, "number"))
    language = Language(request.match_info["language"])
    if found is None or language not in found.words:
        return error_page(request, 404, visitor)
    spoken = await request.app[SITE].sample.spoken(language, found.words[language])
    return sound(request, spoken.pcm, "no-store")


async def _draft_sound(request: web.Request, visitor: Visitor) -> web.Response:
    words = request.query.get("words", "").strip()[:LONGEST_WORDS]
    if not words:
        return error_page(request, 404, visitor)
    language = Language(request.match_info["language"])
    spoken = await request.app[SITE].sample.spoken(language, words)
    return sound(request, spoken.pcm, "no-store")


async def _shown(
    request: web.Request,
    visitor: Visitor,
    fields: Mapping[str, str],
    *,
    preview: bool = False,
    refused: str = "",
) -> web.Response:
    """The list and the form. `fields`: what was typed, so that nothing of it is lost."""
    site = request.app[SITE]
    return render(
        request,
        "announcements.html.j2",
        visitor,
        announcements=await site.announcements.newest(),
        at=now(),
        kinds=list(AnnouncementKind),
        places=list(AnnouncementPlace),
        languages=site.languages,
        longest=LONGEST_WORDS,
        given=fields,
        preview=preview,
        refused=refused,
    )


def _new(form: Form, languages: tuple[Language, ...]) -> NewAnnouncement:
    """Raises NotAllowed."""
    kind, place, begins = form.text("kind"), form.text("place"), form.text("begins")
    if kind not in list(AnnouncementKind) or place not in list(AnnouncementPlace):
        raise NotAllowed("choose what it is, and where in the call it is said")
    if begins and typed.instant(begins) is None:
        raise NotAllowed("the beginning is no day and time")
    return NewAnnouncement(
        AnnouncementKind(kind),
        AnnouncementPlace(place),
        {language: form.text(f"words_{language}") for language in languages},
        typed.instant(begins),
        typed.instant(form.text("ends")),
    )
