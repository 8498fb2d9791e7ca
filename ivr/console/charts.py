"""The charts of the console: which there are, and what they show.

What draws them (`ivr.console.chart_drawing`) is loaded in the process that draws, not in the one
that serves the pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from ground.web.catalogues import LANGUAGES
from ivr.console.insight import Insight
from ivr.records.measures import Measure

WIDTH, HEIGHT = 1100, 380
"""Of a chart, CSS pixels: as wide as a page on a desk; smaller screens show it smaller."""

_QUESTIONS = (
    *(Measure.ASKED, Measure.ANSWERED, Measure.LEFT),
    *(Measure.PUT, Measure.NOINPUT, Measure.NOMATCH),
)

CHARTS: Mapping[str, tuple[Measure, ...]] = {
    "outcomes": (Measure.OUTCOME,),
    "funnel": _QUESTIONS,
    "rates": _QUESTIONS,
    "lengths": (Measure.LENGTH,),
    "hours": (Measure.HOUR_CALLS, Measure.HOUR_SECONDS),
}
"""The measures that each needs, by its name."""


def load() -> None:
    """Everything that the first chart would wait for."""
    from ivr.console import chart_drawing

    for language in LANGUAGES:
        chart_drawing.CATALOGUES.of(language)


def drawn(name: str, seen: Insight, language: str) -> str:
    """The chart of this name as an SVG picture, in the words of a language of the pages."""
    from ivr.console import chart_drawing

    return chart_drawing.drawn(name, seen, language, WIDTH, HEIGHT)
