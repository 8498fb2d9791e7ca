"""Who did what: the audit log, to be read and taken away by administrators."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import number_in
from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import page
from ivr.console.exported import AT_ONCE, Pages, sent_as_csv
from ivr.console.rendering import error_page, render, words_for
from ivr.console.shown import instant
from ivr.console.site import SITE, Site
from ivr.records import audit
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

ON_A_PAGE = 100
COLUMNS = ("entry", "at", "who", "what", "to what", "more")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/audit", page(Role.ADMINISTRATOR, _audit)),
        web.get("/audit.csv", page(Role.ADMINISTRATOR, _export)),
    ]


PAGES = PageModule(routes, (Entry("/audit", "Audit", Role.ADMINISTRATOR),))


async def _audit(request: web.Request, visitor: Visitor) -> web.Response:
    who, given = request.query.get("who", "").strip(), request.query.get("before", "")
    before = number_in(given)
    if given and before is None:
        _ = words_for(request)
        why = _("Not understood: %(names)s.") % {"names": "before"}
        return error_page(request, 400, visitor, why=why)
    records = request.app[SITE].records
    entries = await audit.read(records, before=before, who=who, limit=ON_A_PAGE + 1)
    return render(
        request,
        "audit.html.j2",
        visitor,
        entries=entries[:ON_A_PAGE],
        more=len(entries) > ON_A_PAGE,
        who=who,
    )


async def _export(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """All of it, or all of one person's, newest first."""
    site, who = request.app[SITE], request.query.get("who", "").strip()
    searched = {"of": who[:64]} if who else {}
    await audit.write(site.records, visitor.person.name, "audit log exported", "audit", **searched)
    return await sent_as_csv(request, "audit.csv", COLUMNS, _pages(site, who))


async def _pages(site: Site, who: str) -> Pages:
    before = None
    while found := await audit.read(site.records, before=before, who=who, limit=AT_ONCE):
        yield [
            (
                entry.entry_id,
                instant(entry.at),
                entry.who,
                entry.action,
                entry.subject,
                "; ".join(f"{name}: {value}" for name, value in entry.detail.items()),
            )
            for entry in found
        ]
        before = found[-1].entry_id
