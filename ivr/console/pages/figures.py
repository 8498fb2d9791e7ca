"""What callers live through, as figures and charts, a day or a quarter at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from aiohttp import web

from ground.web.headers import PICTURE_POLICY
from ground.web.navigation import Entry, PageModule
from ivr.console.charts import CHARTS, drawn
from ivr.console.door.guard import page
from ivr.console.insight import Insight, insight
from ivr.console.rendering import error_page, render, words_for
from ivr.console.site import BUSY, SITE
from ivr.records.facts import now
from ivr.records.people import Visitor
from ivr.records.roles import Role
from ivr.records.tallies import Counted, Measure, hong_kong_day
from speech.language import Language

USUAL_DAYS = 14
MOST_DAYS = 366


def routes() -> list[web.RouteDef]:
    return [
        web.get("/figures", page(Role.VIEWER, _figures)),
        web.get("/figures.csv", page(Role.VIEWER, _export)),
        web.get("/figures/{chart}.svg", page(Role.VIEWER, _chart)),
    ]


PAGES = PageModule(routes, (Entry("/figures", "Figures", Role.VIEWER),))


async def _insight(request: web.Request, *measures: Measure) -> Insight:
    first, last, language = _span(request)
    counts = await request.app[SITE].tallies.read(first, last, language, *measures)
    return insight(counts, first, last)


def _span(request: web.Request) -> tuple[date, date, str]:
    """The days and the language asked for; what makes no sense is the usual."""
    today = hong_kong_day(now())

    def day(name: str, otherwise: date) -> date:
        try:
            given = date.fromisoformat(request.query.get(name, ""))
        except ValueError:
            return otherwise
        return given if given.year in range(2000, 2101) else otherwise

    last = day("to", today)
    first = day("from", last - timedelta(days=USUAL_DAYS - 1))
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        first = last - timedelta(days=USUAL_DAYS - 1)
    language = request.query.get("language", "")
    return first, last, language if language in list(Language) else ""


async def _figures(request: web.Request, visitor: Visitor) -> web.Response:
    first, last, language = _span(request)
    query = {"from": first.isoformat(), "to": last.isoformat(), "language": language}
    return render(
        request,
        "figures.html.j2",
        visitor,
        seen=await _insight(request),
        charts=list(CHARTS),
        first=first,
        last=last,
        spoken=language,
        tongues=list(Language),
        query=request.rel_url.with_query(query).query_string,
        waits=request.app[SITE].look().load.overloaded,
    )


async def _chart(request: web.Request, visitor: Visitor) -> web.Response:
    chart = CHARTS.get(request.match_info["chart"])
    if chart is None:
        return error_page(request, 404, visitor)
    _wait_while_overloaded(request)
    picture = drawn(chart, await _insight(request, *chart.shows), words_for(request))
    return web.Response(
        text=picture,
        content_type="image/svg+xml",
        headers={"Content-Security-Policy": PICTURE_POLICY},
    )


def _wait_while_overloaded(request: web.Request) -> None:
    """Drawing takes the time of calls; callers come first."""
    if request.app[SITE].look().load.overloaded:
        raise web.HTTPServiceUnavailable(text=BUSY, headers={"Retry-After": "10"})


async def _export(request: web.Request, visitor: Visitor) -> web.Response:
    _wait_while_overloaded(request)
    first, last, language = _span(request)
    counts = await request.app[SITE].tallies.all(first, last, language)
    return web.Response(
        text=as_csv(counts),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="figures.csv"'},
    )


def as_csv(counts: Sequence[Counted]) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(("day", "language", "measure", "name", "count"))
    for count in counts:
        writer.writerow(
            (count.day, count.language, count.measure.value, count.name, f"{count.count:g}")
        )
    return "\ufeff" + sheet.getvalue()
