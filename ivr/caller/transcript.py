"""Prints a call in progress as a dialogue."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from ivr.dialogue.trace import StepKind

_SPOKEN = {StepKind.SAID, StepKind.ASKED}


class Transcript:
    """Prints the steps of one call. Secrets are already masked: they are not in the trace."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def service_says(self, text: str, language: str) -> None:
        self._line(f"[cyan]service[/] [dim]{language:4}[/]{escape(text)}")

    def driver_keys(self, keys: str) -> None:
        self._line(f"[green]driver[/]      keys [bold]{keys}[/]")

    def driver_says(self, words: str) -> None:
        self._line(f"[green]driver[/]      says [bold]{words}[/]")

    def back_end(self, operation: str, outcome: str, ms: int) -> None:
        self._line(f"[dim]ROCARS      {operation}: {outcome}, {ms} ms[/]")

    def remark(self, text: str) -> None:
        self._line(f"[dim]{text}[/]")

    def step(self, kind: str, name: str, text: str, value: str, ms: int, language: str) -> None:
        """One step of the trace."""
        if kind in _SPOKEN:
            self.service_says(text, language)
        elif kind == StepKind.BACK_END:
            self.back_end(name, value, ms)
        elif kind in (StepKind.NOINPUT, StepKind.NOMATCH, StepKind.UNIVERSAL):
            self.remark(f"{kind} at {name}")

    def _line(self, text: str) -> None:
        self._console.print(f"  {text}", highlight=False, soft_wrap=True)
