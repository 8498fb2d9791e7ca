"""The prompt studio: what is said, who recorded it, and what waits to be heard by callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from ivr.console.door.forms import Form
from ivr.console.door.guard import action, page
from ivr.console.faults import told
from ivr.console.rendering import Words, error_page, render, words_for
from ivr.console.site import SITE, Site
from ivr.records.console_tables import PromptVersion, Source, VersionState
from ivr.records.facts import now
from ivr.records.people import Visitor
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.tallies import HONG_KONG
from ivr.studio.clips import StudioClip
from ivr.studio.intake import BadWords
from ivr.studio.publication import NotPublished, publish
from prompts.take import BadTake
from speech.language import Language
from speech.synthesiser.synthesiser import SynthesisFailed

CLIP = "/prompts/{language:yue|cmn|en}/{number:[0-9]+}"
Change = Callable[[Site, str, int], Awaitable[PromptVersion]]
VERSION = "/prompts/versions/{version:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/prompts", page(Role.VIEWER, _coverage)),
        web.get("/prompts/waiting", page(Role.VIEWER, _waiting)),
        web.get("/prompts/{language:yue|cmn|en}", page(Role.VIEWER, _language)),
        web.get(CLIP, page(Role.VIEWER, _clip)),
        web.post(f"{CLIP}/recording", action(Role.OPERATOR, _upload, largest=_largest_upload)),
        web.post(f"{CLIP}/words", action(Role.OPERATOR, _words)),
        web.post(f"{CLIP}/roll-back", action(Role.REVIEWER, _roll_back)),
        web.post(f"{VERSION}/review", action(Role.REVIEWER, _review)),
        web.post(f"{VERSION}/live", action(Role.REVIEWER, _make_live)),
        web.post(f"{VERSION}/schedule", action(Role.REVIEWER, _schedule)),
        web.post(f"{VERSION}/retire", action(Role.OPERATOR, _retire)),
    ]


async def _coverage(request: web.Request, visitor: Visitor) -> web.Response:
    studio = request.app[SITE].studio
    return render(request, "prompts.html.j2", visitor, coverage=await studio.coverage())


async def _waiting(request: web.Request, visitor: Visitor) -> web.Response:
    """Drafts to be reviewed, and reviewed versions that are not live yet."""
    site = request.app[SITE]
    states = (VersionState.DRAFT, VersionState.REVIEWED)
    waiting = await site.versions.in_state(*states)
    numbers = await site.studio.numbers()
    return render(request, "waiting.html.j2", visitor, waiting=waiting, numbers=numbers)


async def _language(request: web.Request, visitor: Visitor) -> web.Response:
    language = Language(request.match_info["language"])
    looked_for = request.query.get("find", "").strip()
    only = request.query.get("only", "")
    clips = [
        one
        for one in await request.app[SITE].studio.of(language)
        if _fits(one, looked_for.lower()) and _is(one, only)
    ]
    return render(
        request,
        "prompt_list.html.j2",
        visitor,
        clips=clips,
        tongue=language,
        looked_for=looked_for,
        only=only,
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
    if clip is None:
        return error_page(request, 404, visitor)
    site = request.app[SITE]
    versions = await site.versions.of_clip(clip.language, clip.name)
    return render(
        request,
        "prompt.html.j2",
        visitor,
        clip=clip,
        versions=versions,
        largest_mb=site.settings.prompts.takes.largest_mb,
        may_review=[v.version_id for v in versions if v.made_by != visitor.person.name],
    )


async def named_clip(request: web.Request) -> StudioClip | None:
    """The clip the address names, None if there is none."""
    studio = request.app[SITE].studio
    number = int(request.match_info["number"])
    return await studio.numbered(Language(request.match_info["language"]), str(number))


def _largest_upload(request: web.Request) -> int:
    return int(request.app[SITE].settings.prompts.takes.largest_mb * 1e6) + 10_000


async def _upload(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    source = Source.BROWSER if form.text("source") == Source.BROWSER else Source.UPLOADED
    try:
        version = await site.intake.file(
            visitor.person.name, clip, await form.file("recording"), source, form.text("note")
        )
    except BadTake as refusal:
        site.tell(visitor, told(refusal, _), bad=True)
    else:
        site.tell(visitor, _("Taken as version %(serial)d.") % {"serial": version.serial})
    raise _back_to(request)


async def _words(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    try:
        version = await site.intake.words(visitor.person.name, clip, form.text("words"))
    except BadWords as refusal:
        site.tell(visitor, _(str(refusal)), bad=True)
    except SynthesisFailed:
        site.tell(visitor, _("The synthesiser is away: nothing was changed."), bad=True)
    else:
        site.tell(
            visitor,
            _("Version %(serial)d says it with a synthesised voice, until somebody records it.")
            % {"serial": version.serial},
        )
    raise _back_to(request)


async def _review(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(request, visitor, lambda site, by, it: site.versions.review(by, it))


async def _retire(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    version = await site.versions.one(int(request.match_info["version"]))
    own = version is not None and version.made_by == visitor.person.name
    if not own and not visitor.person.role.may(Role.REVIEWER):
        site.tell(visitor, _("Only a reviewer puts away what others have made."), bad=True)
        raise await _to_clip(site, version)
    return await _change(request, visitor, lambda site, by, it: site.versions.retire(by, it))


async def _make_live(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(
        request, visitor, lambda site, by, it: site.versions.make_live(by, it), heard=True
    )


async def _schedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    try:
        at = datetime.fromisoformat(form.text("live_from"))
    except ValueError:
        at = datetime.min
    at = at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    if at.year < 2000 or at <= now():
        site.tell(visitor, _("Give a date and time to come."), bad=True)
        version = await site.versions.one(int(request.match_info["version"]))
        raise await _to_clip(site, version)
    return await _change(request, visitor, lambda site, by, it: site.versions.schedule(by, it, at))


async def _roll_back(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    clip = await named_clip(request)
    if clip is None:
        return error_page(request, 404, visitor)
    try:
        before = await site.versions.roll_back(visitor.person.name, clip.language, clip.name)
    except NotAllowed as refusal:
        site.tell(visitor, _(str(refusal)), bad=True)
    else:
        what = (
            _("Version %(serial)d is heard again.") % {"serial": before.serial}
            if before is not None
            else _("What comes with the service is heard again.")
        )
        await _publish(site, visitor, what, _)
    raise _back_to(request)


async def _change(
    request: web.Request, visitor: Visitor, change: Change, *, heard: bool = False
) -> web.Response:
    """Change the version the address names, and go back to its clip."""
    site, _ = request.app[SITE], words_for(request)
    version_id = int(request.match_info["version"])
    version = await site.versions.one(version_id)
    try:
        version = await change(site, visitor.person.name, version_id)
    except NotAllowed as refusal:
        site.tell(visitor, _(str(refusal)), bad=True)
    else:
        what = _("Version %(serial)d: %(state)s.") % {
            "serial": version.serial,
            "state": _(version.state.value),
        }
        if heard:
            await _publish(site, visitor, what, _)
        else:
            site.tell(visitor, what)
    raise await _to_clip(site, version)


async def _publish(site: Site, visitor: Visitor, what: str, _: Words) -> None:
    """Bring it to the workers before the page says so; other nodes follow within a second."""
    try:
        await publish(site.versions, site.published)
    except NotPublished as failure:
        what = _("It is live in the records, but this node cannot play it yet: %(why)s")
        site.tell(visitor, what % {"why": failure}, bad=True)
    else:
        site.tell(visitor, what)


async def _to_clip(site: Site, version: PromptVersion | None) -> web.HTTPSeeOther:
    if version is None:
        return web.HTTPSeeOther("/prompts/waiting")
    number = (await site.studio.numbers()).get(version.clip)
    return web.HTTPSeeOther(f"/prompts/{version.language}/{number}")


def _back_to(request: web.Request) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(request.path.rpartition("/")[0])
