"""Call figures as tables and charts, for a day or up to a quarter at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from aiohttp import web

from ground.web.access import Page
from ground.web.headers import PICTURE_POLICY
from ground.web.navigation import Entry, PageModule
from ivr.console.asked_times import YEARS
from ivr.console.charts import CHARTS, HEIGHT, WIDTH, drawn, load
from ivr.console.door.guard import page
from ivr.console.exported import Pages, sent_as_csv
from ivr.console.insight import Insight
from ivr.console.insight_of_days import insight_of
from ivr.console.rendering import error_page, render, words_for
from ivr.console.site import BUSY, SITE, Site
from ivr.console.words import WORDS
from ivr.console.working import worked
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.measures import Counted, Measure
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from speech.languages.language import Language

COLUMNS = ("day", "language", "measure", "name", "count")
USUAL_DAYS = 14
MOST_DAYS = 366
FIELDS = {"from": "From", "to": "To", "language": "Language"}
"""What can be asked for, and how the page calls it."""


class NotUnderstood(ValueError):
    """`fields` of the question make no sense, by the names that the page gives them."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields

    def message(self, _: Callable[[str], str]) -> str:
        names = ", ".join(_(field) for field in self.fields)
        why = _("Not understood: %(names)s. Days are from first to last, %(days)d at most.")
        return why % {"names": names, "days": MOST_DAYS}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/figures", page(Role.VIEWER, _figures)),
        web.get("/figures.csv", page(Role.VIEWER, _understood(_export))),
        web.get("/figures/{chart}.svg", page(Role.VIEWER, _understood(_chart))),
    ]


PAGES = PageModule(routes, (Entry("/figures", "Figures", Role.VIEWER),))


async def _insight(request: web.Request, *measures: Measure) -> Insight:
    first, last, language = _span(request)
    return await insight_of(request.app[SITE].tallies, first, last, language, *measures)


def _span(request: web.Request) -> tuple[date, date, str]:
    """The days and the language asked for. Raises NotUnderstood."""
    problems = []

    def day(name: str, otherwise: date) -> date:
        given = request.query.get(name, "").strip()
        try:
            asked = date.fromisoformat(given) if given else otherwise
        except ValueError:
            asked = date.min
        if asked.year not in YEARS:
            problems.append(name)
            return otherwise
        return asked

    last = day("to", hong_kong_day(now()))
    first = day("from", last - timedelta(days=USUAL_DAYS - 1))
    if not problems and not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        problems += ("from", "to")
    language = request.query.get("language", "")
    if language and language not in list(Language):
        problems.append("language")
    if problems:
        raise NotUnderstood([FIELDS[name] for name in problems])
    return first, last, language


async def _figures(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    overloaded = site.look().load.overloaded
    if not overloaded:  # the page asks for its charts as soon as it is there
        site.beside.prepare(load)
    seen, query, problem = None, {name: request.query.get(name, "") for name in FIELDS}, ""
    try:
        first, last, language = _span(request)
    except NotUnderstood as failure:
        problem = failure.message(words_for(request))
    else:
        seen = await _insight(request)
        query = {"from": first.isoformat(), "to": last.isoformat(), "language": language}
    return render(
        request,
        "figures.html.j2",
        visitor,
        seen=seen,
        problem=problem,
        charts=CHARTS,
        size=(WIDTH, HEIGHT),
        asked=query,
        tongues=list(Language),
        query=request.rel_url.with_query(query).query_string,
        waits=overloaded,
        status=400 if problem else 200,
    )


def _understood(show: Page[Visitor]) -> Page[Visitor]:
    """Says it on a page when what is asked for is not understood."""

    async def shown(request: web.Request, visitor: Visitor) -> web.StreamResponse:
        try:
            return await show(request, visitor)
        except NotUnderstood as failure:
            return error_page(request, 400, visitor, why=failure.message(words_for(request)))

    return shown


async def _chart(request: web.Request, visitor: Visitor) -> web.Response:
    name = request.match_info["chart"]
    measures = CHARTS.get(name)
    if measures is None:
        return error_page(request, 404, visitor)
    _wait_while_overloaded(request)
    seen = await _insight(request, *measures)
    picture = await worked(request, drawn, name, seen, WORDS.language_of(request))
    return web.Response(
        text=picture,
        content_type="image/svg+xml",
        headers={"Content-Security-Policy": PICTURE_POLICY},
    )


def _wait_while_overloaded(request: web.Request) -> None:
    """Drawing takes the time of calls; callers come first."""
    if request.app[SITE].look().load.overloaded:
        raise web.HTTPServiceUnavailable(text=BUSY, headers={"Retry-After": "10"})


async def _export(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    _wait_while_overloaded(request)
    first, last, language = _span(request)
    pages = _days(request.app[SITE], first, last, language)
    return await sent_as_csv(request, "figures.csv", COLUMNS, pages)


async def _days(site: Site, first: date, last: date, language: str) -> Pages:
    """Every count as it is kept, a day at a time."""
    while first <= last:
        yield map(row_of, await site.tallies.all(first, first, language))
        first += timedelta(days=1)


def row_of(count: Counted) -> tuple[object, ...]:
    """A count as a row below `COLUMNS`."""
    return count.day, count.language, count.measure.value, count.name, f"{count.count:g}"
