"""A call in progress, printed as a dialogue while it is spoken."""

from __future__ import annotations

from rich.console import Console

from ivr.dialogue.trace import StepKind

_SPOKEN = {StepKind.SAID, StepKind.ASKED}


class Transcript:
    """Prints the steps of one call. Secrets arrive masked: they are not in the trace."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def service_says(self, text: str, language: str) -> None:
        lines = text.splitlines() or [""]
        self._console.print(f"  [cyan]service[/] [dim]{language}[/]  {lines[0]}", highlight=False)
        for line in lines[1:]:
            self._console.print(f"               {line}", highlight=False)

    def driver_keys(self, keys: str) -> None:
        self._console.print(f"  [green]driver[/]       keys [bold]{keys}[/]", highlight=False)

    def back_end(self, operation: str, outcome: str, ms: int) -> None:
        self._console.print(
            f"  [dim]ROCARS       {operation}: {outcome}, {ms} ms[/]", highlight=False
        )

    def remark(self, text: str) -> None:
        self._console.print(f"  [dim]{text}[/]", highlight=False)

    def step(self, kind: str, name: str, text: str, value: str, ms: int, language: str) -> None:
        """One step of the trace."""
        if kind in _SPOKEN:
            self.service_says(text, language)
        elif kind == StepKind.BACK_END:
            self.back_end(name, value, ms)
        elif kind in (StepKind.NOINPUT, StepKind.NOMATCH, StepKind.UNIVERSAL):
            self.remark(f"{kind} at {name}")
