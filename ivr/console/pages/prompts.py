"""The prompt studio: what is said, who recorded it, and what waits to be heard by callers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import REFUSED, action, page
from ivr.console.faults import message_for
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE, Site
from ivr.records.at_prompts import AtPrompts
from ivr.records.prompt_tables import Source
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Asked, BadWords, asked, asked_of
from prompts.take import BadTake
from speech.languages.language import Language
from speech.synthesiser.synthesiser import SynthesisFailed

OF_A_LANGUAGE = f"/prompts/{{language:{'|'.join(Language)}}}"
CLIP = OF_A_LANGUAGE + "/{number:[0-9]+}"
ONLY = ("recorded", "synthesised", "missing", "waiting")
"""Which clips of a language can be asked for."""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/prompts", page(Role.VIEWER, _coverage)),
        web.get(OF_A_LANGUAGE, page(Role.VIEWER, _language)),
        web.get(CLIP, page(Role.VIEWER, _clip)),
        web.get(f"{CLIP}/others", page(Role.OPERATOR, _others, polled=True)),
        web.post(f"{CLIP}/recording", action(Role.OPERATOR, _upload, largest=_largest_upload)),
        web.post(f"{CLIP}/words", action(Role.OPERATOR, _words)),
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


async def refused(
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
        return await refused(request, visitor, clip, form, message_for(refusal, _))
    tell(request, _("Taken as version %(serial)d.") % {"serial": version.serial})
    if seen != asked_of(clip):
        tell(
            request,
            _("While you recorded, somebody asked for other words: “%(words)s”")
            % {"words": asked_of(clip).words},
            bad=True,
        )
    raise back_to(request)


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
        return await refused(request, visitor, clip, form, refusal.message(_))
    except SynthesisFailed:
        why = _("The synthesiser is not available: nothing was changed.")
        return await refused(request, visitor, clip, form, why)
    text = _("Version %(serial)d says it with a synthesised voice, until somebody records it.")
    tell(request, text % {"serial": version.serial})
    raise back_to(request)


def back_to(request: web.Request) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(request.path.rpartition("/")[0])
