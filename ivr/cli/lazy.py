"""Commands that are loaded when they are used.

Help and small commands need neither sound nor a database, and loading those takes seconds. So what
`rocars-ivr --help` shows of each command is written down beside its name (`ivr.cli.main`), and the
module that has the command is imported when that command runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ground.loading import loading
from ground.standard_streams import nobody_reads_output
from ivr.cli.outside import in_one_line


@dataclass(frozen=True)
class Place:
    """Where a command is.

    Attributes:
        module, name: of a function, or of the `typer.Typer` of several commands.
        help: what is shown beside its name; the first line of its own help.
    """

    module: str
    name: str
    help: str

    def load(self, called: str) -> Any:
        """The command itself, under the name it is called by."""
        with loading():
            found = getattr(importlib.import_module(self.module), self.name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(name=called)(found)
            command = typer.main.get_command(alone)
        command.name = called
        return command


_USED_WRONGLY: type[Exception] = next(
    kind
    for kind in typer.BadParameter.__mro__
    if issubclass(kind, Exception) and kind.__name__ == "ClickException"
)
"""What typer says of it itself; where that class is depends on typer's version."""


class _Later(TyperCommand):
    """Stands for a command until it is run."""

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, help=place.help, rich_markup_mode=None)
        self._place = place

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        command = self._place.load(self.name or "")
        return command.make_context(info_name, args, *rest, **more)


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """What is wrong outside of us is told in one line, exit code 1; nothing, if nobody reads."""
    try:
        yield
    except (_USED_WRONGLY, typer.Exit, typer.Abort):
        raise
    except Exception as failure:
        if isinstance(failure, BrokenPipeError) and nobody_reads_output():
            raise  # typer ends the program quietly
        message = in_one_line(failure)
        if not message:
            raise
        typer.echo(f"rocars-ivr: {message}", err=True)
        raise typer.Exit(1) from None


def lazy_group(places: Mapping[str, Place]) -> type[TyperGroup]:
    """The class of a group that has these commands, in this order."""

    class LazyGroup(TyperGroup):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.commands = {name: _Later(name, place) for name, place in places.items()}

        def make_context(self, *given: Any, **more: Any) -> Any:
            """Says the help, where that is asked for."""
            with _told_in_one_line():
                return super().make_context(*given, **more)

        def invoke(self, ctx: Any) -> Any:
            """Run a command."""
            with _told_in_one_line():
                return super().invoke(ctx)

    return LazyGroup
