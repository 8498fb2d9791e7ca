"""``calls``: scripted calls to this service or to any other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ivr.cli.config import ConfigFile, loaded
from ivr.cli.embedded import embedded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ivr.caller.performing.results import RunDone
    from ivr.caller.performing.run import Performer
    from ivr.caller.scenario.planned import PlannedRun
    from ivr.caller.scenario.reading import ScenarioFile
    from ivr.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Scripted calls: dial a service, press, speak, and check what is heard.",
)

Files = Annotated[
    list[Path], typer.Argument(help="Scenario files (*.call.yaml), or folders of them.")
]
Target = Annotated[
    str, typer.Option(help="SIP server to call; empty: the service of this configuration.")
]
PASSED, FAILED, USAGE = 0, 1, 4
"""Exit codes, as pytest's: all passed, some failed, used wrongly."""


@app.command()
def run(
    files: Files,
    config: ConfigFile = None,
    target: Target = "",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for people there.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show steps of failures only.")] = False,
    wired: Annotated[
        bool,
        typer.Option(help="Send calls through the wire: SIP ladder, key styles, loss."),
    ] = True,
    at_once: Annotated[
        int, typer.Option(help="Runs at the same time; more than one: --quiet.", min=1, max=4)
    ] = 1,
    tries: Annotated[int, typer.Option(help="A run that fails is tried so often.", min=1)] = 1,
    only: Annotated[
        list[str] | None, typer.Option(help="Only runs whose title begins so; several times.")
    ] = None,
    results: Annotated[bool, typer.Option(help="Print runs as lines of JSON.")] = False,
) -> None:
    """Perform scenarios and report. Exits with 0 if all passed, 1 if not, 4 on a bad file."""
    settings, _ = loaded(config)
    scenarios = _read(files)
    from ivr.caller.reporting.junit import junit_xml
    from ivr.caller.reporting.lines import JsonLines
    from ivr.caller.reporting.page import page
    from ivr.caller.reporting.terminal import Terminal

    terminal = JsonLines() if results else Terminal(Console(), quiet=quiet or at_once > 1)

    async def perform_all(performer: Performer, runs: list[PlannedRun]) -> list[RunDone]:
        performer.watcher = terminal
        chosen = [one for one in runs if not only or one.title.startswith(tuple(only))]
        return await performer.run_all(chosen, at_once, tries)

    done = asyncio.run(_on_stage(settings, target, wired, scenarios, perform_all))
    terminal.summary(done)
    if junit is not None:
        junit.write_text(junit_xml(done), encoding="utf-8")
    if html is not None:
        html.write_text(page(done), encoding="utf-8")
    raise typer.Exit(FAILED if any(one.why for one in done) else PASSED)


@app.command()
def check(files: Files) -> None:
    """Read scenarios and say what is wrong with them, by file and line."""
    scenarios = _read(files)
    runs = sum(len(list(one.scenario.rows())) for one in scenarios)
    typer.echo(f"{len(scenarios)} scenarios, {runs} runs: all can be performed")


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for an editor that completes them."""
    from ivr.caller.scenario.reading import schema as made

    typer.echo(made(), nl=False)


@app.command()
def load(
    files: Files,
    config: ConfigFile = None,
    target: Target = "",
    at_once: Annotated[int, typer.Option(help="Calls at the same time.", min=1, max=200)] = 4,
    rate: Annotated[float, typer.Option(help="New runs a second, at most.", min=0.01)] = 1.0,
    seconds: Annotated[float, typer.Option(help="No new run after so long.", min=1)] = 30.0,
) -> None:
    """Perform the same scenarios again and again, many at once; rates and percentiles."""
    settings, _ = loaded(config)
    _read(files)
    from ivr.caller.performing.load import Load, under_load

    plan = Load(tuple(files), target or _own(settings), at_once, rate, seconds)
    result = asyncio.run(under_load(plan, config))
    Console().print(result.table())
    for why, count in result.failures.most_common(5):
        typer.echo(f"{count} x {why}")
    raise typer.Exit(FAILED if result.failures else PASSED)


@app.command(hidden=True)
def perform(
    files: Files,
    config: ConfigFile = None,
    target: Target = "",
    at_once: int = 4,
    rate: float = 1.0,
    seconds: float = 30.0,
) -> None:
    """One process of `load`: a line of JSON for each run."""
    settings, _ = loaded(config)
    scenarios = _read(files)
    from ivr.caller.performing.load import again_and_again

    async def perform_all(performer: Performer, runs: list[PlannedRun]) -> list[RunDone]:
        await again_and_again(performer, runs, at_once, rate, seconds)
        return []

    asyncio.run(_on_stage(settings, target, True, scenarios, perform_all))


def _read(files: list[Path]) -> list[ScenarioFile]:
    """The scenarios, or their faults on stderr and exit code 4."""
    from ivr.caller.scenario.reading import ScenarioError, find, read

    found, faults = [], []
    for path in find(files):
        try:
            found.append(read(path))
        except ScenarioError as wrong:
            faults.append(str(wrong))
    if not found and not faults:
        faults = [f"no scenario files (*.call.yaml) in {', '.join(map(str, files))}"]
    if faults:
        typer.echo("\n".join(faults), err=True)
        raise typer.Exit(USAGE)
    return found


def _own(settings: Settings) -> str:
    return f"sip:{settings.sip.listen[0]}:{settings.sip.port}"


async def _on_stage(
    settings: Settings,
    target: str,
    wired: bool,
    scenarios: list[ScenarioFile],
    perform_all: Callable[[Performer, list[PlannedRun]], Awaitable[list[RunDone]]],
) -> list[RunDone]:
    from ivr.caller.performing.given import BackEnd
    from ivr.caller.performing.run import Performer
    from ivr.caller.performing.stage import Stage
    from ivr.caller.scenario.planned import planned
    from prompts.library import load_library
    from prompts.live import as_heard

    stage = Stage(
        target or _own(settings),
        as_heard(load_library(settings.prompts.recordings), settings.published_prompts),
        settings.prompts.synthesiser,
        settings.speech,
        wired,
    )
    try:
        back_end = BackEnd(embedded(settings, "admin"))
    except OSError:
        back_end = None
    await stage.open()
    try:
        return await perform_all(Performer(stage, back_end), list(planned(scenarios)))
    finally:
        await stage.close()
        if back_end is not None:
            await back_end.close()
