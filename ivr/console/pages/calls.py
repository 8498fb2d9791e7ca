"""Calls of the past: found, read as a dialogue, taken away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from aiohttp import web

from ivr.console.door.forms import Form
from ivr.console.door.guard import action, page
from ivr.console.pages.dialogue import dialogue
from ivr.console.rendering import error_page, render, words_for
from ivr.console.shown import masked_mark, masked_number, when
from ivr.console.site import SITE
from ivr.records import audit
from ivr.records.call_search import PAGE, Wanted
from ivr.records.models import Call
from ivr.records.outcome import CallOutcome
from ivr.records.people import Visitor
from ivr.records.roles import Role
from ivr.records.tallies import HONG_KONG
from ivr.studio.script_book import inert
from speech.language import Language

MOST_EXPORTED = 20_000

COLUMNS = (
    *("call", "offered", "answered", "ended", "outcome", "ended by", "language", "caller"),
    *("driver", "ubr", "node", "seconds", "keys", "packets lost", "jitter ms", "stand-ins"),
)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/calls", page(Role.VIEWER, _search)),
        web.get("/calls.csv", page(Role.OPERATOR, _export)),
        web.get("/calls/{call_id}", page(Role.VIEWER, _call)),
        web.post("/calls/{call_id}/number", action(Role.ADMINISTRATOR, _reveal)),
    ]


def wanted_by(query: Mapping[str, str]) -> tuple[Wanted, str]:
    """What the fields of the search ask for, and what of them could not be understood."""
    problems = []

    def instant(name: str, *, end: bool = False) -> datetime | None:
        given = query.get(name, "").strip()
        if not given:
            return None
        try:
            at = datetime.fromisoformat(given)
        except ValueError:
            problems.append(name)
            return None
        if len(given) == 10 and end:  # a day without a time means all of it
            at = datetime.combine(at.date(), time()) + timedelta(days=1)
        return at if at.tzinfo else at.replace(tzinfo=HONG_KONG)

    outcome = query.get("outcome", "")
    if outcome and outcome not in list(CallOutcome):
        problems.append("outcome")
        outcome = ""
    caller = "".join(c for c in query.get("caller", "") if c.isdecimal() or c == "+")
    if caller and len(caller) < 4:
        problems.append("caller")
        caller = ""
    wanted = Wanted(
        first=instant("from"),
        last=instant("to", end=True),
        caller=caller,
        ubr="".join(query.get("ubr", "").split()),
        ccrn="".join(query.get("ccrn", "").split()),
        vehicle="".join(query.get("vehicle", "").split()).upper(),
        outcome=CallOutcome(outcome) if outcome else None,
        language=query.get("language", ""),
        before=query.get("before", ""),
    )
    return wanted, ", ".join(problems)


async def _search(request: web.Request, visitor: Visitor) -> web.Response:
    wanted, problem = wanted_by(request.query)
    found = await request.app[SITE].search.find(wanted, PAGE + 1)
    older = dict(request.query) | {"before": found[PAGE - 1].call_id} if len(found) > PAGE else None
    return render(
        request,
        "calls.html.j2",
        visitor,
        calls=found[:PAGE],
        given=request.query,
        problem=problem,
        older=None if older is None else request.rel_url.with_query(older),
        export=request.rel_url.with_path("/calls.csv").with_query(dict(request.query)),
        outcomes=list(CallOutcome),
        tongues=list(Language),
    )


async def _export(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Streamed page by page: a year of calls does not fit into memory for one visitor."""
    site = request.app[SITE]
    wanted, _ = wanted_by(request.query)
    await audit.write(
        site.records, visitor.person.name, "calls exported", "calls.csv", **dict(request.query)
    )
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="calls.csv"',
        }
    )
    await response.prepare(request)
    await response.write(("\ufeff" + _line(COLUMNS)).encode())
    written = 0
    while written < MOST_EXPORTED:
        found = await site.search.find(wanted, 1000)
        if not found:
            break
        await response.write("".join(_line(_cells(call)) for call in found).encode())
        written += len(found)
        wanted = replace(wanted, before=found[-1].call_id)
    await response.write_eof()
    return response


def _cells(call: Call) -> tuple[object, ...]:
    length = (
        round((call.ended_at - call.answered_at).total_seconds(), 1)
        if call.ended_at and call.answered_at
        else ""
    )
    return (
        call.call_id,
        when(call.offered_at),
        when(call.answered_at),
        when(call.ended_at),
        call.outcome.value if call.outcome else "",
        call.ended_by.value if call.ended_by else "",
        call.language or "",
        masked_number(call.caller_e164),
        call.driver or "",
        call.ubr or "",
        call.node,
        length,
        call.keys if call.keys is not None else "",
        call.packets_lost if call.packets_lost is not None else "",
        call.jitter_ms if call.jitter_ms is not None else "",
        call.stand_ins if call.stand_ins is not None else "",
    )


def _line(cells: tuple[object, ...]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\r\n").writerow([inert(str(cell)) for cell in cells])
    return sheet.getvalue()


async def _call(request: web.Request, visitor: Visitor) -> web.Response:
    return await _told(request, visitor, number="")


async def _reveal(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """The caller's number in clear, for once; who asked for it is written down."""
    site = request.app[SITE]
    story = await site.search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
    await audit.write(site.records, visitor.person.name, "number shown", story.call.call_id)
    return await _told(request, visitor, number=story.call.caller_e164 or "–")


async def _told(request: web.Request, visitor: Visitor, number: str) -> web.Response:
    story = await request.app[SITE].search.story(request.match_info["call_id"])
    if story is None:
        return error_page(request, 404, visitor)
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
