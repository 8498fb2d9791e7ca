"""Draws the charts of the console as pictures, on the server.

In a process of its own, whose first chart waits for all that is imported here: nothing of the web
or the database is (`tests/console/test_beside_the_loop.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pygal
from babel.dates import format_skeleton
from pygal.style import Style

from ground.web.catalogues import OWN, Catalogues
from ivr.console.insight import Insight
from ivr.console.shown import word
from ivr.records.outcome import CallOutcome

Words = Callable[[str], str]

CATALOGUES = Catalogues((OWN, Path(__file__).with_name("translations")))


@dataclass(frozen=True)
class Reader:
    """Who looks at a chart: `say` translates for them, `language` is the tag of their language."""

    say: Words
    language: str

    def day(self, day: date) -> str:
        """``Nov 2``, ``11月2日``."""
        written: str = format_skeleton("MMMd", day, locale=self.language.replace("-", "_"))
        return written


STYLE = Style(
    background="white",
    plot_background="white",
    foreground="#1c2330",
    foreground_strong="#1c2330",
    foreground_subtle="#5a6373",
    font_family="system-ui, 'Noto Sans CJK HK', sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    title_font_size=16,
    guide_stroke_color="#dfe4ec",
    major_guide_stroke_color="#c5ccd8",
    value_font_size=12,
    # Told apart in print and by people who see few colours (Okabe and Ito).
    colors=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5a6373"),
)

IN_THE_DARK = """@media screen and (prefers-color-scheme: dark) {
  svg { background-color: #14181f !important }
  .graph > .background, .plot > .background { fill: #14181f !important }
  text { fill: #e6eaf0 !important }
  .axis .line { stroke: #a9b3c1 !important }
  .axis .guide.line { stroke: #3a4453 !important }
  .reactive { fill-opacity: .9 !important }
}"""
"""The colours of the pages (`base.css`), for browsers that ask for them; bars keep theirs."""

SHOWN_OUTCOMES = (
    CallOutcome.COMPLETED,
    CallOutcome.CALLER_HUNG_UP,
    CallOutcome.HOTLINE,
    CallOutcome.GAVE_UP_HOTLINE,
    CallOutcome.LOGIN_REFUSED,
    CallOutcome.REFUSED_FULL,
)
"""Those with a colour of their own; all others together are the last."""

MOST_QUESTIONS = 14
MOST_BARS = 31
"""Of more days than that, some are drawn together, as their mean."""


def drawn(name: str, seen: Insight, language: str, width: int, height: int) -> str:
    """The chart of this name as an SVG picture, in the words of a language of the pages; its size
    in CSS pixels."""
    reader = Reader(CATALOGUES.of(language).gettext, language)
    chart = _DRAW[name](seen, reader)
    picture: str = chart.render(is_unicode=True, width=width, height=height)
    return picture


def _options(title: str) -> dict[str, object]:
    return {
        "title": title,
        "style": STYLE,
        "css": ("file://style.css", "file://graph.css", f"inline:{IN_THE_DARK}"),
        "js": (),  # nothing is fetched, nothing runs
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 3,
        "x_label_rotation": 30,
        "no_data_text": "–",
        "disable_xml_declaration": True,
    }


def _outcomes(seen: Insight, reader: Reader) -> pygal.graph.graph.Graph:
    _ = reader.say
    chart = pygal.StackedBar(**_options(_("Calls a day, by how they ended")))
    # Room between days and legend: pygal takes Chinese letters for narrow ones.
    chart.x_title, chart.margin_bottom = " ", 32
    together = -(-len(seen.days) // MOST_BARS)
    bars = [seen.days[at : at + together] for at in range(0, len(seen.days), together)]
    chart.x_labels = [reader.day(days[0]) for days in bars]
    shown = [outcome.value for outcome in SHOWN_OUTCOMES]

    def mean(days: Sequence[date], counts: Callable[[str], bool]) -> float:
        found = (seen.by_day.get(day, {}) for day in days)
        total = sum(n for of in found for name, n in of.items() if counts(name))
        return round(total / len(days), 1)

    for outcome in shown:
        chart.add(_(word(outcome)), [mean(days, outcome.__eq__) for days in bars])
    chart.add(_("other"), [mean(days, lambda name: name not in shown) for days in bars])
    return chart


def _hours(seen: Insight, reader: Reader) -> pygal.graph.graph.Graph:
    _ = reader.say
    chart = pygal.Bar(**_options(_("Lines busy on average, by hour (erlang)")))
    hours = [f"{hour:02d}" for hour in range(24)]
    chart.x_labels = hours
    chart.add(_("erlang"), [round(seen.erlangs_by_hour.get(hour, 0), 2) for hour in hours])
    return chart


def _lengths(seen: Insight, reader: Reader) -> pygal.graph.graph.Graph:
    _ = reader.say
    chart = pygal.Bar(**_options(_("Length of answered calls (from so many seconds)")))
    lengths = sorted(seen.lengths)
    span = range(0, (lengths[-1] if lengths else 0) + 30, 30)
    chart.x_labels = [str(length) for length in span]
    chart.add(_("calls"), [seen.lengths.get(length, 0) for length in span])
    return chart


def _funnel(seen: Insight, reader: Reader) -> pygal.graph.graph.Graph:
    _ = reader.say
    chart = pygal.Bar(**_options(_("Questions: calls that heard them, and that ended there")))
    questions = seen.questions[:MOST_QUESTIONS]
    chart.x_labels = [question.name for question in questions]
    chart.add(_("asked"), [question.asked for question in questions])
    chart.add(_("answered"), [question.answered for question in questions])
    chart.add(_("gave up here"), [question.left for question in questions])
    return chart


def _rates(seen: Insight, reader: Reader) -> pygal.graph.graph.Graph:
    _ = reader.say
    chart = pygal.Bar(**_options(_("Questions not answered at once (% of times put)")))
    questions = [question for question in seen.questions if question.put][:MOST_QUESTIONS]
    chart.x_labels = [question.name for question in questions]
    chart.add(_("silence"), [round(question.noinput_rate * 100, 1) for question in questions])
    chart.add(_("no match"), [round(question.nomatch_rate * 100, 1) for question in questions])
    return chart


_DRAW = {
    "outcomes": _outcomes,
    "funnel": _funnel,
    "rates": _rates,
    "lengths": _lengths,
    "hours": _hours,
}
