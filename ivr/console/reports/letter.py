"""The letter with the figures: English and Chinese text, and every count as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from email.message import EmailMessage
from email.utils import formatdate

from ivr.console.exported import csv_of
from ivr.console.insight import Insight
from ivr.console.pages.figures import COLUMNS, row_of
from ivr.console.shown import percent, seconds, word
from ivr.console.words import WORDS
from ivr.records.measures import Counted
from ivr.records.outcome import CallOutcome
from ivr.records.report_periods import ReportPeriod

TITLES = {
    ReportPeriod.DAILY: "Figures of the day",
    ReportPeriod.WEEKLY: "Figures of the week",
    ReportPeriod.MONTHLY: "Figures of the month",
}
COMPARED_WITH = {
    ReportPeriod.DAILY: "the same day a week before",
    ReportPeriod.WEEKLY: "the week before",
    ReportPeriod.MONTHLY: "the month before",
}
CALLS, ANSWERED, COMPLETED = "Calls", "Answered calls", "Completed"
CONTAINMENT, MEAN, SPEECH = "Without a person", "Mean length", "Answers by speech"
BUSY_HOUR, OUTCOMES = "Busiest hour", "How calls ended"
BUSY_HOUR_TOLD = "%(day)s, %(hour)s:00: %(calls)d calls, %(lines)d lines needed"
LABELS = (
    CALLS,
    ANSWERED,
    COMPLETED,
    CONTAINMENT,
    MEAN,
    SPEECH,
    BUSY_HOUR,
    BUSY_HOUR_TOLD,
    OUTCOMES,
)

Translated = Callable[[str], str]


def _days(seen: Insight, between: str = " – ") -> str:
    """Those that it is of: ``2026-11-29``, ``2026-11-23 – 2026-11-29``."""
    return between.join(dict.fromkeys((str(seen.first), str(seen.last))))


def letter(
    period: ReportPeriod,
    seen: Insight,
    compared: Insight,
    counts: Iterable[Counted],
    sender: str,
    to: Sequence[str],
) -> EmailMessage:
    """The whole letter. Its Message-ID is the same at every try: a mailbox that gets it twice
    shows it once."""
    made = EmailMessage()
    made["Subject"] = f"[ROCARS] {TITLES[period]}: {_days(seen)}"
    made["From"] = sender
    made["To"] = ", ".join(to)
    made["Date"] = formatdate()
    made["Message-ID"] = f"<{period}.{seen.first}@reports.rocars-ivr.invalid>"
    chinese = WORDS.catalogue("zh-Hant").gettext
    made.set_content(
        _text(period, seen, compared, lambda text: text)
        + "\n\n"
        + _text(period, seen, compared, chinese)
        + "\n"
    )
    made.add_attachment(
        csv_of(COLUMNS, map(row_of, counts)),
        maintype="text",
        subtype="csv",
        filename=f"figures-{_days(seen, '-to-')}.csv",
        params={"charset": "utf-8"},
    )
    return made


def _text(period: ReportPeriod, seen: Insight, compared: Insight, _: Translated) -> str:
    lines = [
        f"{_(TITLES[period])}: {_days(seen)}",
        f"({_(COMPARED_WITH[period])}: {_days(compared)})",
        "",
        *(f"{_(label)}: {now} ({before})" for label, now, before in _compared(seen, compared)),
    ]
    if seen.busy_hour is not None:
        hour = seen.busy_hour
        words = _(BUSY_HOUR_TOLD) % {
            "day": hour.day,
            "hour": hour.hour,
            "calls": hour.calls,
            "lines": hour.lines,
        }
        lines.append(f"{_(BUSY_HOUR)}: {words}")
    lines += ["", f"{_(OUTCOMES)}:"]
    for outcome in CallOutcome:
        now, before = (each.outcomes.get(outcome.value, 0) for each in (seen, compared))
        if now or before:
            lines.append(f"  {_(word(outcome.value))}: {now:g} ({before:g})")
    return "\n".join(lines)


def _compared(seen: Insight, compared: Insight) -> Iterable[tuple[str, str, str]]:
    figures: tuple[tuple[str, Callable[[Insight], str]], ...] = (
        (CALLS, lambda each: f"{each.calls:g}"),
        (ANSWERED, lambda each: f"{each.answered:g}"),
        (COMPLETED, lambda each: percent(each.completed)),
        (CONTAINMENT, lambda each: percent(each.containment)),
        (MEAN, lambda each: seconds(each.mean_seconds) or "–"),
        (SPEECH, lambda each: percent(each.speech_share)),
    )
    for label, figure in figures:
        yield label, figure(seen), figure(compared)
