"""Who did what: the audit log, to be read and taken away by administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp import web

from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import page
from ivr.console.exported import AT_ONCE, Pages, sent_as_csv
from ivr.console.rendering import error_page, render, words_for
from ivr.console.search_fields import SearchFields, given_in
from ivr.console.shown import instant
from ivr.console.site import SITE, Site
from ivr.records import audit
from ivr.records.audit_search import AuditFilter, EntryRow, deeds, find, rows
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

ON_A_PAGE = 100
COLUMNS = ("entry", "at", "who", "what", "to what", "more")
FIELDS = {"who": "Who", "what": "What", "from": "From", "to": "To"}
"""What can be looked for, and how the page calls it."""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/audit", page(Role.ADMINISTRATOR, _audit)),
        web.get("/audit.csv", page(Role.ADMINISTRATOR, _export)),
    ]


PAGES = PageModule(routes, (Entry("/audit", "Audit", Role.ADMINISTRATOR),))


def _filter_of(query: Mapping[str, str], known: Sequence[str]) -> tuple[AuditFilter, list[str]]:
    """What the fields of the search ask for, and the names of those that were not understood.
    `known`: every deed that is in the log."""
    fields = SearchFields(query)
    wanted = AuditFilter(
        who=fields.text("who"),
        action=fields.word("what", known),
        first=fields.instant("from"),
        last=fields.instant("to", end=True),
        before=fields.number("before"),
    )
    return wanted, fields.problems


def _refused(request: web.Request, visitor: Visitor, problems: list[str]) -> web.Response:
    _ = words_for(request)
    names = ", ".join(_(FIELDS.get(name, name)) for name in problems)
    return error_page(request, 400, visitor, why=_("Not understood: %(names)s.") % {"names": names})


async def _audit(request: web.Request, visitor: Visitor) -> web.Response:
    records = request.app[SITE].records
    known = await deeds(records)
    wanted, problems = _filter_of(request.query, known)
    if problems:
        return _refused(request, visitor, problems)
    found = await find(records, wanted, ON_A_PAGE + 1)
    asked = given_in(request.query, FIELDS)
    older = (
        asked | {"before": str(found[ON_A_PAGE - 1].entry_id)} if len(found) > ON_A_PAGE else None
    )
    return render(
        request,
        "audit.html.j2",
        visitor,
        entries=found[:ON_A_PAGE],
        deeds=known,
        asked=asked,
        older=older,
        export=request.rel_url.with_path("/audit.csv").with_query(asked),
    )


async def _export(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """All that is found, newest first."""
    site = request.app[SITE]
    wanted, problems = _filter_of(request.query, await deeds(site.records))
    if problems:
        return _refused(request, visitor, problems)
    searched = {
        "of" if name == "who" else name: value[:64]
        for name, value in given_in(request.query, FIELDS).items()
    }
    await audit.write(site.records, visitor.person.name, "audit log exported", "audit", **searched)
    return await sent_as_csv(request, "audit.csv", COLUMNS, _pages(site, wanted))


async def _pages(site: Site, wanted: AuditFilter) -> Pages:
    while found := await rows(site.records, wanted, AT_ONCE):
        yield map(_row_of, found)
        wanted = replace(wanted, before=found[-1].entry_id)


def _row_of(entry: EntryRow) -> tuple[object, ...]:
    """An entry as a row below `COLUMNS`."""
    return (
        entry.entry_id,
        instant(entry.at),
        entry.who,
        entry.action,
        entry.subject,
        "; ".join(f"{name}: {value}" for name, value in entry.detail.items()),
    )
