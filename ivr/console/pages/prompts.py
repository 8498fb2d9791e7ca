"""The prompt studio: what is said, who recorded it, and what waits to be heard by callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from ground.web.requests import own_path
from ivr.console import typed
from ivr.console.door.guard import REFUSED, action, page
from ivr.console.faults import message_for
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE, Site
from ivr.records.at_prompts import AtPrompts
from ivr.records.facts import now
from ivr.records.prompt_tables import PromptVersion, Source
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Asked, BadWords, asked, asked_of
from ivr.studio.publication import NotPublished, publish
from prompts.take import BadTake
from speech.languages.language import Language
from speech.synthesiser.synthesiser import SynthesisFailed

OF_A_LANGUAGE = f"/prompts/{{language:{'|'.join(Language)}}}"
CLIP = OF_A_LANGUAGE + "/{number:[0-9]+}"
Change = Callable[[Site, str, int], Awaitable[PromptVersion]]
ONLY = ("recorded", "synthesised", "missing", "waiting")
"""Which clips of a language can be asked for."""

VERSION = "/prompts/versions/{version:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/prompts", page(Role.VIEWER, _coverage)),
        web.get(OF_A_LANGUAGE, page(Role.VIEWER, _language)),
        web.get(CLIP, page(Role.VIEWER, _clip)),
        web.get(f"{CLIP}/others", page(Role.OPERATOR, _others, polled=True)),
        web.post(f"{CLIP}/recording", action(Role.OPERATOR, _upload, largest=_largest_upload)),
        web.post(f"{CLIP}/words", action(Role.OPERATOR, _words)),
        web.post(f"{CLIP}/roll-back", action(Role.REVIEWER, _roll_back)),
        web.post(f"{VERSION}/review", action(Role.REVIEWER, _review)),
        web.post(f"{VERSION}/live", action(Role.REVIEWER, _make_live)),
        web.post(f"{VERSION}/schedule", action(Role.REVIEWER, _schedule)),
        web.post(f"{VERSION}/unschedule", action(Role.REVIEWER, _unschedule)),
        web.post(f"{VERSION}/retire", action(Role.OPERATOR, _retire)),
    ]


PAGES = PageModule(routes, (Entry("/prompts", "Prompts", Role.VIEWER),))


async def _coverage(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    return render(
        request,
        "prompts.html.j2",
        visitor,
        coverage=await site.studio.coverage(),
        largest_mb=site.rules.largest_set_mb,
    )


async def _language(request: web.Request, visitor: Visitor) -> web.Response:
    language = Language(request.match_info["language"])
    looked_for = request.query.get("find", "").strip()
    only = request.query.get("only", "")
    understood = not only or only in ONLY
    clips = [
        clip
        for clip in await request.app[SITE].studio.of(language)
        if understood and _fits(clip, looked_for.lower()) and _is(clip, only)
    ]
    return render(
        request,
        "prompt_list.html.j2",
        visitor,
        clips=clips,
        tongue=language,
        looked_for=looked_for,
        only=only,
        understood=understood,
        status=200 if understood else 400,
    )


def _fits(clip: StudioClip, looked_for: str) -> bool:
    texts = (clip.name, clip.words.lower(), str(clip.number), *clip.used_in)
    return not looked_for or any(looked_for in text.lower() for text in texts)


def _is(clip: StudioClip, only: str) -> bool:
    match only:
        case "missing":
            return clip.missing or clip.stale
        case "synthesised":
            return clip.stand_in
        case "recorded":
            return not clip.stand_in and not clip.missing
        case "waiting":
            return clip.newest is not None
        case _:
            return True


async def _clip(request: web.Request, visitor: Visitor) -> web.Response:
    clip = await named_clip(request)
    return (
        error_page(request, 404, visitor) if clip is None else await _shown(request, visitor, clip)
    )


async def _refused(
    request: web.Request, visitor: Visitor, clip: StudioClip, form: Form, why: str
) -> web.Response:
    """The page again, with all that was typed, and why it was not taken."""
    tell(request, why, bad=True)
    return await _shown(request, visitor, clip, typed=form.fields, status=REFUSED)


async def _shown(
    request: web.Request,
    visitor: Visitor,
    clip: StudioClip,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
) -> web.Response:
    site = request.app[SITE]
    versions = await site.versions.of_clip(clip.language, clip.name)
    before = await site.versions.before(clip.language, clip.name)
    saw = clip.newest or (None if clip.stale else clip.live)
    return render(
        request,
        "prompt.html.j2",
        visitor,
        clip=clip,
        versions=versions,
        before=before,
        asked=asked_of(clip, saw),
        saw=saw.version_id if saw is not None else 0,
        largest_mb=site.settings.prompts.takes.largest_mb,
        longest_s=site.settings.prompts.takes.longest_s,
        typed=typed,
        changed=number_of(request, "version") if "version" in request.match_info else 0,
        status=status,
        may_review=[v.version_id for v in versions if v.made_by != visitor.person.name],
    )


def number_of(request: web.Request, name: str) -> int:
    """A number in the address; 0, which nothing has, for one that no database can hold."""
    given = request.match_info[name]
    return int(given) if given.isascii() and len(given) <= 9 else 0


async def named_clip(request: web.Request) -> StudioClip | None:
    """The clip the address names, None if there is none."""
    studio = request.app[SITE].studio
    number = number_of(request, "number")
    return await studio.numbered(Language(request.match_info["language"]), str(number))


def _largest_upload(request: web.Request) -> int:
    return int(request.app[SITE].settings.prompts.takes.largest_mb * 1e6) + 10_000


async def _upload(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    source = Source.BROWSER if form.text("source") == Source.BROWSER else Source.UPLOADED
    seen = await _seen(site, clip, form.text("saw"))
    try:
        version = await site.intake.file(
            visitor.person.name,
            clip,
            await form.file("recording"),
            source,
            form.text("note"),
            seen=seen,
        )
    except BadTake as refusal:
        return await _refused(request, visitor, clip, form, message_for(refusal, _))
    tell(request, _("Taken as version %(serial)d.") % {"serial": version.serial})
    if seen != asked_of(clip):
        tell(
            request,
            _("While you recorded, somebody asked for other words: “%(words)s”")
            % {"words": asked_of(clip).words},
            bad=True,
        )
    raise _back_to(request)


async def _seen(site: Site, clip: StudioClip, saw: str) -> Asked:
    """The words that the operator saw when they recorded, as their form says: those of a version,
    or (0) of the release. Others may have been asked for since."""
    if saw == "0":
        return asked(clip, clip.shipped_words)
    serial = number_in(saw)
    if serial is not None:
        version = await site.versions.get(serial)
        if version is not None and (version.language, version.clip) == (clip.language, clip.name):
            return asked_of(clip, version)
    return asked_of(clip)


async def _others(request: web.Request, visitor: Visitor) -> web.Response:
    """Who else has this prompt open; the page says so every few seconds, and so that it has."""
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    here = AtPrompts(request.app[SITE].records)
    others = await here.come(visitor.person, clip.language, clip.name)
    return render(request, "others.html.j2", visitor, others=others)


async def _words(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    try:
        version = await site.intake.words(visitor.person.name, clip, form.text("words"))
    except BadWords as refusal:
        return await _refused(request, visitor, clip, form, refusal.message(_))
    except SynthesisFailed:
        why = _("The synthesiser is not available: nothing was changed.")
        return await _refused(request, visitor, clip, form, why)
    text = _("Version %(serial)d says it with a synthesised voice, until somebody records it.")
    tell(request, text % {"serial": version.serial})
    raise _back_to(request)


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
            return await _refused(request, visitor, clip, form, why)
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
    raise _back_to(request)


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


def _back_to(request: web.Request) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(request.path.rpartition("/")[0])
