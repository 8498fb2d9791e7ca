"""The recording of a call: heard by listeners alone, who say why; each hearing is written down."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from ivr.console.door.guard import REFUSED, action, page
from ivr.console.pages.dialogue import dialogue
from ivr.console.pages.sounds import sent_in_part
from ivr.console.rendering import error_page, render, words_for
from ivr.console.shown import masked_mark
from ivr.console.site import SITE, Site
from ivr.recorded_calls.sealed import CannotBeOpened
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.records import audit
from ivr.records.call_search import CallStory
from ivr.records.facts import now
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

CALL = "/calls/{call_id}/recording"

SHORTEST_REASON, LONGEST_REASON = 8, 300

HEARD_FOR_S = 1800.0
"""So long one reason is good for hearing one recording, again and again."""

AT_ONCE = 8
"""Recordings that one console holds in memory, opened; for one more the oldest goes."""


def routes() -> list[web.RouteDef]:
    return [
        web.get(CALL, page(Role.LISTENER, _recording)),
        web.post(CALL, action(Role.LISTENER, _hear)),
        web.get(f"{CALL}/{{hearing}}.wav", page(Role.LISTENER, _sound)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


@dataclass(frozen=True)
class Hearing:
    """Somebody hears a recording, for the reason that is in the audit log.

    Attributes:
        wav: the sound, in memory alone.
        whole: the recording goes on to the end of the call.
        ends_at: on the clock that nobody sets, s.
    """

    call_id: str
    person: str
    reason: str
    wav: bytes = field(repr=False)
    whole: bool
    ends_at: float


class Hearings:
    """Those that go on at one console, by a token that stands in the address of the sound."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_token: dict[str, Hearing] = {}

    def begin(self, hearing: Hearing) -> str:
        """Give the token of a new one."""
        self.forget_old()
        while len(self._by_token) >= AT_ONCE:
            del self._by_token[next(iter(self._by_token))]
        token = secrets.token_urlsafe(16)
        self._by_token[token] = hearing
        return token

    def of(self, token: str, call_id: str, person: str) -> Hearing | None:
        """None where it is over, or somebody else's, or of another call."""
        self.forget_old()
        hearing = self._by_token.get(token)
        if hearing is None or (hearing.call_id, hearing.person) != (call_id, person):
            return None
        return hearing

    def forget_old(self) -> None:
        """Drop the sound of those that are over."""
        at = self._clock()
        over = [token for token, hearing in self._by_token.items() if hearing.ends_at <= at]
        for token in over:
            del self._by_token[token]


HEARINGS = web.AppKey("hearings", Hearings)


def prepare(app: web.Application) -> None:
    app[HEARINGS] = Hearings()


async def _recording(request: web.Request, visitor: Visitor) -> web.Response:
    """The call, with a form for the reason, or with the sound once it was given."""
    site = request.app[SITE]
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    who, call_id = visitor.person.name, story.call.call_id
    token = request.query.get("hearing", "")
    hearing = request.app[HEARINGS].of(token, call_id, who)
    if hearing is None:
        await audit.write(site.records, who, "call looked at", call_id)
    return await _page(request, visitor, story, hearing=hearing, token=token)


async def _hear(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Open the recording. That somebody hears it is written down before they do."""
    site, _ = request.app[SITE], words_for(request)
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    reason, call_id = form.text("reason")[:LONGEST_REASON], story.call.call_id
    if len(reason) < SHORTEST_REASON:
        problem = _("Say in %(number)d characters or more why you need to hear it.") % {
            "number": SHORTEST_REASON
        }
        return await _page(request, visitor, story, problem=problem, reason=reason)
    keys = tuple(key.get_secret_value() for key in site.settings.call_recording.keys)
    try:
        found = await asyncio.to_thread(_opened, _shelf(site), call_id, keys)
    except (CannotBeOpened, OSError) as failure:
        log.error("a recording of a call cannot be opened", call_id=call_id, why=str(failure))
        problem = _("The recording cannot be opened: %(why)s.") % {"why": failure}
        return await _page(request, visitor, story, problem=problem, reason=reason)
    if found is None or _expired(site, story):
        return await _page(request, visitor, story)
    who = visitor.person.name
    await audit.write(site.records, who, "recording heard", call_id, reason=reason)
    wav, whole = found
    until = time.monotonic() + HEARD_FOR_S
    hearings = request.app[HEARINGS]
    token = hearings.begin(Hearing(call_id, who, reason, wav, whole, until))
    asyncio.get_running_loop().call_later(HEARD_FOR_S + 1, hearings.forget_old)
    raise web.HTTPSeeOther(f"/calls/{call_id}/recording?hearing={token}")


async def _sound(request: web.Request, visitor: Visitor) -> web.Response:
    token, call_id = request.match_info["hearing"], request.match_info["call_id"]
    hearing = request.app[HEARINGS].of(token, call_id, visitor.person.name)
    if hearing is None:
        return error_page(request, 404, visitor)
    return sent_in_part(request, hearing.wav, "no-store")


async def _page(
    request: web.Request,
    visitor: Visitor,
    story: CallStory,
    *,
    hearing: Hearing | None = None,
    token: str = "",
    problem: str = "",
    reason: str = "",
) -> web.Response:
    site, clear = request.app[SITE], visitor.person.role.may(Role.OPERATOR)
    there = await asyncio.to_thread(_shelf(site).find, story.call.call_id)
    return render(
        request,
        "call_recording.html.j2",
        visitor,
        story=story,
        turns=dialogue(story, words_for(request), clear=clear),
        clear=clear,
        number="",
        masked=masked_mark,
        hearing=hearing,
        token=token,
        there=there is not None and not _expired(site, story),
        elsewhere=story.call.node != site.settings.node.name,
        problem=problem,
        reason=reason,
        shortest=SHORTEST_REASON,
        longest=LONGEST_REASON,
        status=REFUSED if problem else 200,
    )


def _shelf(site: Site) -> RecordedCalls:
    return RecordedCalls(site.settings.recorded_calls)


def _expired(site: Site, story: CallStory) -> bool:
    """Whether it may not be heard any more, though it may still lie there for some hours."""
    kept = timedelta(days=site.settings.call_recording.keep_days + 1)
    return now() - story.call.offered_at > kept


def _opened(shelf: RecordedCalls, call_id: str, keys: tuple[str, ...]) -> tuple[bytes, bool] | None:
    """The sound, and whether it is whole. It takes time: not for the event loop."""
    from ivr.recorded_calls.sound import as_wav  # the sound library takes a while to load

    found = shelf.open(call_id, keys)
    return None if found is None else (as_wav(found.pieces), found.whole)
