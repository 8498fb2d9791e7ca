"""The prompt studio: what is said, who recorded it, and what waits to be heard by callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from aiohttp import web
from yarl import URL

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from ground.web.requests import own_path
from ivr.console.door.guard import action, page
from ivr.console.faults import told
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE, Site
from ivr.records.at_prompts import AtPrompts
from ivr.records.console_tables import PromptVersion, Source, VersionState
from ivr.records.facts import now
from ivr.records.people import Visitor
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.tallies import HONG_KONG
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Asked, BadWords, asked, asked_of
from ivr.studio.publication import NotPublished, publish
from prompts.take import BadTake
from speech.language import Language
from speech.synthesiser.synthesiser import SynthesisFailed

OF_A_LANGUAGE = f"/prompts/{{language:{'|'.join(Language)}}}"
CLIP = OF_A_LANGUAGE + "/{number:[0-9]+}"
WAITING = (VersionState.DRAFT, VersionState.REVIEWED)
WAITING_ON_A_PAGE = 50
Change = Callable[[Site, str, int], Awaitable[PromptVersion]]
VERSION = "/prompts/versions/{version:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/prompts", page(Role.VIEWER, _coverage)),
        web.get("/prompts/waiting", page(Role.VIEWER, _waiting)),
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
    studio = request.app[SITE].studio
    return render(request, "prompts.html.j2", visitor, coverage=await studio.coverage())


async def _waiting(request: web.Request, visitor: Visitor) -> web.Response:
    """Drafts to be reviewed, and reviewed versions that are not live yet, page by page."""
    site = request.app[SITE]
    waiting = await found_waiting(request, request.query)
    query = {name: request.query.get(name, "") for name in ("state", "language", "find")}
    last = max(0, (len(waiting) - 1) // WAITING_ON_A_PAGE)
    number = min(last, number_in(request.query.get("page", ""), digits=6) or 0)
    first = number * WAITING_ON_A_PAGE
    return render(
        request,
        "waiting.html.j2",
        visitor,
        waiting=waiting[first : first + WAITING_ON_A_PAGE],
        count=len(waiting),
        page_number=number,
        last=last,
        pages=lambda n: str(URL("/prompts/waiting").with_query(query | {"page": str(n)})),
        given=query,
        tongues=list(Language),
        states=WAITING,
        numbers=await site.studio.numbers(),
        releases=await site.releases.newest(10),
    )


async def found_waiting(request: web.Request, wanted: Mapping[str, str]) -> Sequence[PromptVersion]:
    """What waits and fits the fields `state`, `language` and `find`; empty ones fit all."""
    site = request.app[SITE]
    numbers = await site.studio.numbers()
    state, language = wanted.get("state", ""), wanted.get("language", "")
    looked_for = wanted.get("find", "").strip().lower()

    def fits(version: PromptVersion) -> bool:
        texts = (version.clip, version.words, version.made_by, str(numbers.get(version.clip, "")))
        return (
            (not state or version.state == state)
            and (not language or version.language == language)
            and (not looked_for or any(looked_for in text.lower() for text in texts))
        )

    return [version for version in await site.versions.in_state(*WAITING) if fits(version)]


async def _language(request: web.Request, visitor: Visitor) -> web.Response:
    language = Language(request.match_info["language"])
    looked_for = request.query.get("find", "").strip()
    only = request.query.get("only", "")
    clips = [
        clip
        for clip in await request.app[SITE].studio.of(language)
        if _fits(clip, looked_for.lower()) and _is(clip, only)
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
        tell(request, told(refusal, _), bad=True)
    else:
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
        version = await site.versions.one(serial)
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
        tell(request, refusal.told(_), bad=True)
    except SynthesisFailed:
        tell(request, _("The synthesiser is away: nothing was changed."), bad=True)
    else:
        tell(
            request,
            _("Version %(serial)d says it with a synthesised voice, until somebody records it.")
            % {"serial": version.serial},
        )
    raise _back_to(request)


async def _review(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(request, visitor, lambda site, by, it: site.versions.review(by, it), form)


async def _retire(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    version = await site.versions.one(number_of(request, "version"))
    own = version is not None and version.made_by == visitor.person.name
    if not own and not visitor.person.role.may(Role.REVIEWER):
        tell(request, _("Only a reviewer puts away what others have made."), bad=True)
        raise await _to_clip(site, version)
    return await _change(request, visitor, lambda site, by, it: site.versions.retire(by, it), form)


async def _make_live(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    return await _change(
        request, visitor, lambda site, by, it: site.versions.make_live(by, it), form, heard=True
    )


async def _schedule(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    at = instant_to_come(form.text("live_from"))
    if at is None:
        tell(request, _("Give a date and time to come."), bad=True)
        version = await site.versions.one(number_of(request, "version"))
        raise await _to_clip(site, version)
    return await _change(
        request, visitor, lambda site, by, it: site.versions.schedule(by, it, at), form
    )


def instant_to_come(given: str) -> datetime | None:
    """What a form says of a day and time, of Hong Kong; None for what is past or no time at all."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    if at.year not in range(2000, 2101):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    return at if at > now() else None


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
        tell(request, refusal.told(_), bad=True)
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
    heard: bool = False,
) -> web.Response:
    """Change the version the address names, and go back to its clip, or to the page named by
    `back`. A script that asks for JSON is told in JSON."""
    site, _ = request.app[SITE], words_for(request)
    version_id = number_of(request, "version")
    version = await site.versions.one(version_id)
    try:
        version = await change(site, visitor.person.name, version_id)
    except NotAllowed as refusal:
        if _wants_json(request):
            return web.json_response({"told": refusal.told(_)}, status=409)
        tell(request, refusal.told(_), bad=True)
    else:
        what = _("Version %(serial)d: %(state)s.") % {
            "serial": version.serial,
            "state": _(version.state.value),
        }
        if heard:
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
