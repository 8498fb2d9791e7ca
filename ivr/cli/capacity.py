"""``rocars-ivr capacity``: how many lines a day's traffic needs (Erlang B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ivr.observe.erlang import blocking, lines_for
from ivr.settings.pool import PUBLISHED_LINES

BLOCKED = (0.02, 0.01, 0.001)


@dataclass(frozen=True)
class Traffic:
    """A day at the boundary. Only the crossings have a source; the rest is our assumption (A20).

    Attributes:
        crossings: goods vehicles a day.
        laden, by_phone, busy_hour: shares, 0 to 1.
        peak_day: the busiest day against the mean one.
        hold_s: mean length of a call, seconds; Erlang B needs the mean alone.
    """

    crossings: float = 24_000
    laden: float = 0.70
    by_phone: float = 0.50
    calls_per_bundle: float = 1.3
    busy_hour: float = 0.12
    peak_day: float = 1.25
    hold_s: float = 150

    @property
    def busy_hour_calls(self) -> float:
        per_day = self.crossings * self.laden * self.by_phone * self.calls_per_bundle
        return per_day * self.busy_hour * self.peak_day

    @property
    def erlangs(self) -> float:
        """Lines busy on average in the busy hour."""
        return self.busy_hour_calls * self.hold_s / 3600


def capacity(
    crossings: Annotated[float, typer.Option(min=0, help="Goods vehicles a day.")] = 24_000,
    laden: Annotated[float, typer.Option(min=0, max=1, help="Share with cargo.")] = 0.70,
    by_phone: Annotated[float, typer.Option(min=0, max=1, help="Share bundled by phone.")] = 0.50,
    calls_per_bundle: Annotated[float, typer.Option(min=0, help="Calls for one bundle.")] = 1.3,
    busy_hour: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a day's calls in its busiest hour.")
    ] = 0.12,
    peak_day: Annotated[float, typer.Option(min=1, help="Busiest day against the mean.")] = 1.25,
    hold_s: Annotated[float, typer.Option(min=1, help="Mean length of a call, seconds.")] = 150,
    lines: Annotated[int, typer.Option(min=1, help="Lines to be judged.")] = 90,
) -> None:
    """How many lines a day's traffic needs, and how many calls a number of lines turns away.

    Of the defaults only the crossings have a source; all others are assumptions.
    """
    traffic = Traffic(crossings, laden, by_phone, calls_per_bundle, busy_hour, peak_day, hold_s)
    console = Console()
    console.print(
        f"{traffic.busy_hour_calls:,.0f} calls in the busy hour of {hold_s:.0f} s each: "
        f"{traffic.erlangs:.1f} erlang"
    )
    table = Table("turned away at most", "lines", f"line cards of {PUBLISHED_LINES} lines")
    for share in BLOCKED:
        needed = lines_for(traffic.erlangs, share)
        table.add_row(f"{share:.1%}", str(needed), str(-(-needed // PUBLISHED_LINES)))
    console.print(table)
    console.print(f"{lines} lines turn away {blocking(traffic.erlangs, lines):.2%}")
