"""Releases: what changes for callers when a set of versions goes live, at once or on its day."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from ivr.console.door.guard import REFUSED, action, page
from ivr.console.pages.prompts import number_of
from ivr.console.pages.versions import brought_to_callers, instant_to_come
from ivr.console.pages.waiting import found_waiting, waiting_page
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

T = TypeVar("T")

RELEASE = "/releases/{number:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.post("/releases", action(Role.REVIEWER, _gather)),
        web.get(RELEASE, page(Role.VIEWER, _release)),
        web.post(f"{RELEASE}/live", action(Role.REVIEWER, _make_live)),
        web.post(f"{RELEASE}/schedule", action(Role.REVIEWER, _schedule)),
        web.post(f"{RELEASE}/unschedule", action(Role.REVIEWER, _unschedule)),
        web.post(f"{RELEASE}/roll-back", action(Role.REVIEWER, _roll_back)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _gather(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Of all that waits and fits the search, what is reviewed."""
    waiting = await found_waiting(request, form.fields)
    gathering = request.app[SITE].releases.gather(
        visitor.person.name, form.text("name"), [version.version_id for version in waiting]
    )
    release = await _unless_refused(request, gathering)
    if release is None:
        return await waiting_page(request, visitor, form.fields, status=REFUSED)
    raise web.HTTPSeeOther(f"/releases/{release.release_id}")


async def _release(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    whole = await site.releases.get(number_of(request, "number"))
    if whole is None:
        return error_page(request, 404, visitor)
    shipped = {
        (clip.language.value, clip.name): clip.shipped_words
        for language in {part.version.language for part in whole.parts}
        for clip in await site.studio.of_tag(language)
    }
    return render(
        request,
        "release.html.j2",
        visitor,
        whole=whole,
        shipped=shipped,
        numbers=await site.studio.numbers(),
    )


async def _make_live(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    making = site.releases.make_live(visitor.person.name, number_of(request, "number"))
    count = await _unless_refused(request, making)
    if count is not None:
        text = _("The release is live: %(count)d recordings are heard from the next sentence on.")
        await brought_to_callers(request, text % {"count": count})
    raise _back_to(request)


async def _schedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    at, _ = instant_to_come(form.text("live_from")), words_for(request)
    if at is None:
        tell(request, _("Give a date and time to come."), bad=True)
        raise _back_to(request)
    return await _set_day(request, visitor, at)


async def _unschedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _set_day(request, visitor, None)


async def _set_day(request: web.Request, visitor: Visitor, at: datetime | None) -> web.Response:
    releases, number = request.app[SITE].releases, number_of(request, "number")
    await _unless_refused(request, releases.schedule(visitor.person.name, number, at))
    raise _back_to(request)


async def _roll_back(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    rolling = site.releases.roll_back(visitor.person.name, number_of(request, "number"))
    count = await _unless_refused(request, rolling)
    if count is not None:
        text = _("The release is rolled back: %(count)d recordings are as they were before it.")
        await brought_to_callers(request, text % {"count": count})
    raise _back_to(request)


async def _unless_refused(request: web.Request, change: Awaitable[T]) -> T | None:
    """What the change returns; None when it was not allowed, which the next page says."""
    try:
        return await change
    except NotAllowed as refusal:
        tell(request, refusal.message(words_for(request)), bad=True)
        return None


def _back_to(request: web.Request) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/releases/{number_of(request, 'number')}")
