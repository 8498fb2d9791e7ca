"""What becomes of the versions of a prompt: reviewed, live, scheduled, retired, rolled back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import PageModule
from ground.web.requests import own_path
from ivr.console import typed
from ivr.console.door.guard import action
from ivr.console.pages.prompts import CLIP, back_to, named_clip, number_of, refused
from ivr.console.rendering import error_page, tell, words_for
from ivr.console.site import SITE, Site
from ivr.records.facts import now
from ivr.records.prompt_tables import PromptVersion
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from ivr.studio.publication import NotPublished, publish

Change = Callable[[Site, str, int], Awaitable[PromptVersion]]

VERSION = "/prompts/versions/{version:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{CLIP}/roll-back", action(Role.REVIEWER, _roll_back)),
        web.post(f"{VERSION}/review", action(Role.REVIEWER, _review)),
        web.post(f"{VERSION}/live", action(Role.REVIEWER, _make_live)),
        web.post(f"{VERSION}/schedule", action(Role.REVIEWER, _schedule)),
        web.post(f"{VERSION}/unschedule", action(Role.REVIEWER, _unschedule)),
        web.post(f"{VERSION}/retire", action(Role.OPERATOR, _retire)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _review(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(request, visitor, lambda site, by, it: site.versions.review(by, it), form)


async def _retire(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    version = await site.versions.get(number_of(request, "version"))
    own = version is not None and version.made_by == visitor.person.name
    if not own and not visitor.person.role.may(Role.REVIEWER):
        tell(request, _("Only a reviewer discards what others have made."), bad=True)
        raise await _to_clip(site, version)
    return await _change(request, visitor, lambda site, by, it: site.versions.retire(by, it), form)


async def _make_live(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(
        request,
        visitor,
        lambda site, by, it: site.versions.make_live(by, it),
        form,
        reaches_callers=True,
    )


async def _schedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    at = instant_to_come(form.text("live_from"))
    if at is None:
        why = _("Give a date and time to come.")
        version = await site.versions.get(number_of(request, "version"))
        clip = None if version is None else await site.studio.of_version(version)
        if clip is not None:
            return await refused(request, visitor, clip, form, why)
        tell(request, why, bad=True)
        raise web.HTTPSeeOther("/prompts/waiting")
    return await _change(
        request, visitor, lambda site, by, it: site.versions.schedule(by, it, at), form
    )


def instant_to_come(given: str) -> datetime | None:
    """What a form says of a day and time, of Hong Kong; None for what is past or no time at all."""
    at = typed.instant(given)
    return at if at is not None and at > now() else None


async def _unschedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(
        request, visitor, lambda site, by, it: site.versions.unschedule(by, it), form
    )


async def _roll_back(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    try:
        before = await site.versions.roll_back(
            visitor.person.name, clip.language, clip.name, number_in(form.text("before"))
        )
    except NotAllowed as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        what = (
            _("Version %(serial)d is heard again.") % {"serial": before.serial}
            if before is not None
            else _("What comes with the service is heard again.")
        )
        await brought_to_callers(request, what)
    raise back_to(request)


async def _change(
    request: web.Request,
    visitor: Visitor,
    change: Change,
    form: Form,
    *,
    reaches_callers: bool = False,
) -> web.Response:
    """Change the version the address names, and go back to its clip, or to the page named by
    `back`. A script that asks for JSON is told in JSON."""
    site, _ = request.app[SITE], words_for(request)
    version_id = number_of(request, "version")
    version = await site.versions.get(version_id)
    try:
        version = await change(site, visitor.person.name, version_id)
    except NotAllowed as refusal:
        if _wants_json(request):
            return web.json_response({"told": refusal.message(_)}, status=409)
        tell(request, refusal.message(_), bad=True)
    else:
        what = _("Version %(serial)d: %(state)s.") % {
            "serial": version.serial,
            "state": _(version.state.value),
        }
        if reaches_callers:
            await brought_to_callers(request, what)
        elif _wants_json(request):
            return web.json_response({"told": what})
        else:
            tell(request, what)
    back = own_path(form.text("back"))
    raise web.HTTPSeeOther(back) if back != "/" else await _to_clip(site, version)


def _wants_json(request: web.Request) -> bool:
    return request.headers.get("Accept", "") == "application/json"


async def brought_to_callers(request: web.Request, what: str) -> None:
    """Bring it to the workers before the page says so; other nodes follow within a second."""
    site, _ = request.app[SITE], words_for(request)
    try:
        await publish(site.versions, site.published)
    except NotPublished as failure:
        what = _("It is live in the records, but this node cannot play it yet: %(why)s")
        tell(request, what % {"why": failure}, bad=True)
    else:
        tell(request, what)


async def _to_clip(site: Site, version: PromptVersion | None) -> web.HTTPSeeOther:
    if version is None:
        return web.HTTPSeeOther("/prompts/waiting")
    number = (await site.studio.numbers()).get(version.clip)
    return web.HTTPSeeOther(f"/prompts/{version.language}/{number}")
