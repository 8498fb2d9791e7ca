"""Calls of the past: found, read as a dialogue, taken away as CSV."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from ivr.caller.retold.from_records import history_from
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.console.door.guard import action, page
from ivr.console.exported import AT_ONCE, Pages, Row, sent_as_csv
from ivr.console.pages.dialogue import dialogue
from ivr.console.rendering import error_page, render, words_for
from ivr.console.search_fields import DIGITS, LETTERS_AND_DIGITS, SearchFields, given_in
from ivr.console.shown import instant, masked_mark, masked_number
from ivr.console.site import SITE, Site
from ivr.records import audit
from ivr.records.call_rows import CallPage, CallRow, RequestRow
from ivr.records.call_search import PAGE, CallFilter
from ivr.records.calling_number import calling_number
from ivr.records.masking import mask_user_id
from ivr.records.models import Call
from ivr.records.outcome import CallOutcome
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from speech.languages.language import Language

COLUMNS = (
    *("call", "offered", "answered", "ended", "outcome", "ended by", "language", "caller"),
    *("dialled", "driver", "ccrn", "vehicle", "ubr", "node", "seconds", "keys"),
    *("packets lost", "jitter ms", "stand-ins"),
)

FIELDS = {
    "from": "From",
    "to": "To",
    "caller": "Caller's number, or its last four digits",
    "driver": "Driver's user ID",
    "ubr": "UBR",
    "ccrn": "CCRN",
    "vehicle": "Vehicle",
    "outcome": "Outcome",
    "language": "Language",
}
"""What can be looked for, and how the page calls it."""

ABOUT_SOMEBODY = ("caller", "driver", "ubr", "ccrn", "vehicle")

_CALL_ID = re.compile(r"[0-9A-Za-z-]{1,36}")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/calls", page(Role.VIEWER, _search)),
        web.get("/calls.csv", page(Role.OPERATOR, _export)),
        web.get("/calls/{call_id}", page(Role.VIEWER, _call)),
        web.get("/calls/{call_id}/test", page(Role.OPERATOR, _as_test)),
        web.post("/calls/{call_id}/number", action(Role.ADMINISTRATOR, _reveal)),
    ]


PAGES = PageModule(routes, (Entry("/calls", "Calls", Role.VIEWER),))


def filter_of(query: Mapping[str, str], role: Role, region: str) -> tuple[CallFilter, list[str]]:
    """What the fields of the search ask for, and the names of those that were not understood.

    Below administrator a caller is looked for by the whole number or by exactly its last four
    digits: with any other number of digits the rest could be guessed one by one.
    """
    fields = SearchFields(query)
    caller = _caller(query.get("caller", ""), role, region)
    if caller is None:
        fields.problems.append("caller")
    driver = fields.mark("driver", DIGITS)
    if driver and len(driver) < 3:
        fields.problems.append("driver")
    outcome = fields.word("outcome", list(CallOutcome))
    wanted = CallFilter(
        first=fields.instant("from"),
        last=fields.instant("to", end=True),
        caller=caller or "",
        driver=mask_user_id(driver) or "",
        ubr=fields.mark("ubr", DIGITS),
        ccrn=fields.mark("ccrn", LETTERS_AND_DIGITS),
        vehicle=fields.mark("vehicle", LETTERS_AND_DIGITS),
        outcome=CallOutcome(outcome) if outcome else None,
        language=fields.word("language", list(Language)),
        before=fields.matching("before", _CALL_ID),
    )
    return wanted, fields.problems


def _caller(given: str, role: Role, region: str) -> str | None:
    """A whole number in E.164 or its last digits, empty for none, None if not understood."""
    digits = "".join(c for c in given if c in "0123456789+")
    if not given.strip():
        return ""
    if role.may(Role.ADMINISTRATOR) and len(digits) >= 4 and "+" not in digits:
        return digits
    if len(digits) == 4 and "+" not in digits:
        return digits
    return calling_number(digits, default_region=region).e164


def _looked_for(query: Mapping[str, str]) -> dict[str, str]:
    """What of a search is about somebody, as the audit log keeps it."""
    return {name: value[:64] for name, value in given_in(query, ABOUT_SOMEBODY).items()}


async def _search(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    region = site.settings.records.default_region
    wanted, problems = filter_of(request.query, visitor.person.role, region)
    found: Sequence[Call] = ()
    if not problems:
        if looked_for := _looked_for(request.query):
            who = visitor.person.name
            await audit.write(site.records, who, "calls searched", "calls", **looked_for)
        found = await site.search.find(wanted, PAGE + 1)
    older = dict(request.query) | {"before": found[PAGE - 1].call_id} if len(found) > PAGE else None
    return render(
        request,
        "calls.html.j2",
        visitor,
        calls=found[:PAGE],
        given=request.query,
        problems=[FIELDS.get(name, name) for name in problems],
        older=None if older is None else request.rel_url.with_query(older),
        export=request.rel_url.with_path("/calls.csv").with_query(dict(request.query)),
        outcomes=list(CallOutcome),
        tongues=list(Language),
        clear=visitor.person.role.may(Role.OPERATOR),
        masked=masked_mark,
        status=400 if problems else 200,
    )


async def _export(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """All that is found, however much: streamed page by page."""
    site, _ = request.app[SITE], words_for(request)
    region = site.settings.records.default_region
    wanted, problems = filter_of(request.query, visitor.person.role, region)
    if problems:
        names = ", ".join(_(FIELDS.get(name, name)) for name in problems)
        why = _("Not understood: %(names)s. Nothing was exported.") % {"names": names}
        return error_page(request, 400, visitor, why=why)
    await audit.write(
        site.records,
        visitor.person.name,
        "calls exported",
        "calls.csv",
        **{name: value[:64] for name, value in given_in(request.query, FIELDS).items()},
    )
    return await sent_as_csv(request, "calls.csv", COLUMNS, _pages(site, wanted))


async def _pages(site: Site, wanted: CallFilter) -> Pages:
    while (found := await site.search.rows(wanted, AT_ONCE)).calls:
        yield _rows(found)
        wanted = replace(wanted, before=found.calls[-1].call_id)


def _rows(found: CallPage) -> Iterator[Row]:
    """The calls as rows below `COLUMNS`."""
    return (_cells(call, found.requests_of(call)) for call in found.calls)


def _cells(call: CallRow, requests: Sequence[RequestRow]) -> tuple[object, ...]:
    length = (
        round((call.ended_at - call.answered_at).total_seconds(), 1)
        if call.ended_at and call.answered_at
        else ""
    )
    return (
        call.call_id,
        instant(call.offered_at),
        instant(call.answered_at),
        instant(call.ended_at),
        call.outcome.value if call.outcome else "",
        call.ended_by.value if call.ended_by else "",
        call.language or "",
        masked_number(call.caller_e164),
        call.called,
        call.driver or "",
        " ".join(dict.fromkeys(ccrn for request in requests for ccrn in request.ccrns)),
        " ".join(dict.fromkeys(request.vehicle for request in requests)),
        call.ubr or "",
        call.node,
        length,
        call.keys if call.keys is not None else "",
        call.packets_lost if call.packets_lost is not None else "",
        call.jitter_ms if call.jitter_ms is not None else "",
        call.stand_ins if call.stand_ins is not None else "",
    )


async def _call(request: web.Request, visitor: Visitor) -> web.Response:
    """Who looked at which call is written down: it is somebody's."""
    return await _told(request, visitor, number="", look="call looked at")


async def _as_test(request: web.Request, visitor: Visitor) -> web.Response:
    """A scenario made of the call, to be run by `calls run`: with no number, secret or reference
    of anybody."""
    site, _ = request.app[SITE], words_for(request)
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    waits = Waits.of(site.settings.dialogue, site.settings.speech)
    try:
        text = await asyncio.to_thread(lambda: as_file(history_from([story]), waits))
    except CannotBeRetold as failure:
        why = _("No test can be made of this call: %(why)s.") % {"why": failure.message(_)}
        return error_page(request, 409, visitor, why=why)
    await audit.write(site.records, visitor.person.name, "call made a test", story.call.call_id)
    name = f"{story.call.call_id}.call.yaml"
    return web.Response(
        text=text,
        content_type="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _reveal(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """The caller's number in clear, for once; who asked for it is written down."""
    site = request.app[SITE]
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    number = story.call.caller_e164 or "–"
    return await _told(request, visitor, number=number, look="number shown")


async def _told(request: web.Request, visitor: Visitor, number: str, look: str) -> web.Response:
    site = request.app[SITE]
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    await audit.write(site.records, visitor.person.name, look, story.call.call_id)
    clear = visitor.person.role.may(Role.OPERATOR)
    return render(
        request,
        "call.html.j2",
        visitor,
        story=story,
        turns=dialogue(story, words_for(request), clear=clear),
        clear=clear,
        number=number,
        masked=masked_mark,
    )
