"""``calls``: scripted calls to this service or to any other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.compare import compare
from ivr.cli.config import ConfigFile, loaded
from ivr.cli.from_call import from_call
from ivr.cli.from_capture import from_capture

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ivr.caller.performing.results import RunDone
    from ivr.caller.performing.run import Performer
    from ivr.caller.scenario.planned import PlannedRun
    from ivr.caller.scenario.reading import ScenarioFile
    from ivr.settings.service import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Scripted calls: dial a service, press, speak, and check what is heard.",
)

app.command()(from_call)
app.command()(from_capture)
app.command()(compare)

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
    report: Annotated[
        Path | None, typer.Option(help="Write what `calls compare` reads there.")
    ] = None,
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
    patience: Annotated[
        float,
        typer.Option(
            help="Limits of time (within, latency) are so many times longer: for a busy machine.",
            min=1,
            max=100,
        ),
    ] = 1.0,
) -> None:
    """Perform scenarios and report. Exits with 0 if all passed, 1 if not, 4 on a bad file."""
    settings, _ = loaded(config)
    scenarios = _read(files)
    _check_reports(junit, html, report)
    from rich.console import Console

    from ivr.caller.reporting.junit import junit_xml
    from ivr.caller.reporting.lines import JsonLines
    from ivr.caller.reporting.page import page
    from ivr.caller.reporting.report import report as made
    from ivr.caller.reporting.terminal import Terminal

    terminal = JsonLines() if results else Terminal(Console(), quiet=quiet or at_once > 1)

    async def perform_all(performer: Performer, runs: list[PlannedRun]) -> list[RunDone]:
        performer.watcher = terminal
        chosen = [run for run in runs if not only or run.title.startswith(tuple(only))]
        return await performer.run_all(chosen, at_once, tries)

    stage = _Stage(target or _own(settings), wired, patience)
    done = asyncio.run(_on_stage(settings, stage, scenarios, perform_all))
    terminal.summary(done)
    if junit is not None:
        junit.write_text(junit_xml(done), encoding="utf-8")
    if html is not None:
        html.write_text(page(done), encoding="utf-8")
    if report is not None:
        report.write_text(made(done), encoding="utf-8")
    raise typer.Exit(FAILED if any(call.why for call in done) else PASSED)


@app.command()
def check(files: Files) -> None:
    """Read scenarios and say what is wrong with them, by file and line."""
    scenarios = _read(files)
    runs = sum(len(list(file.scenario.rows())) for file in scenarios)
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
    from rich.console import Console

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

    stage = _Stage(target or _own(settings), wired=True, patience=1.0)
    asyncio.run(_on_stage(settings, stage, scenarios, perform_all))


def _check_reports(*reports: Path | None) -> None:
    """Make their folders; or, before the first call, exit code 4 and what cannot be written."""
    for report in reports:
        if report is None:
            continue
        there = report.exists()
        try:
            report.parent.mkdir(parents=True, exist_ok=True)
            with report.open("a", encoding="utf-8"):
                pass
            if not there:
                report.unlink()
        except OSError as failure:
            from ivr.preflight.plain_words import plain

            why = plain(failure).removeprefix(f"{report}: ")
            typer.echo(f"rocars-ivr: the report {report} cannot be written: {why}", err=True)
            raise typer.Exit(USAGE) from None


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
    from ivr.preflight.data_folder import as_running

    settings = as_running(settings)
    return f"sip:{settings.sip.listen[0]}:{settings.sip.port}"


@dataclass(frozen=True)
class _Stage:
    """Where calls go and how; see `Stage`."""

    target: str
    wired: bool
    patience: float


async def _on_stage(
    settings: Settings,
    wanted: _Stage,
    scenarios: list[ScenarioFile],
    perform_all: Callable[[Performer, list[PlannedRun]], Awaitable[list[RunDone]]],
) -> list[RunDone]:
    from ivr.caller.performing.given import BackEnd
    from ivr.caller.performing.run import Performer
    from ivr.caller.performing.stage import Stage
    from ivr.caller.scenario.patience import patient_client
    from ivr.caller.scenario.planned import planned
    from ivr.cli.embedded import embedded
    from prompts.library import load_library
    from prompts.live import as_heard

    stage = Stage(
        wanted.target,
        as_heard(load_library(settings.prompts.recordings), settings.published_prompts),
        settings.prompts.synthesiser,
        settings.speech,
        wanted.wired,
        wanted.patience,
    )
    try:
        office, demo = (
            patient_client(embedded(settings, role), wanted.patience) for role in ("admin", "demo")
        )
        back_end = BackEnd(office, demo)
    except OSError:
        back_end = None
    await stage.open()
    try:
        return await perform_all(Performer(stage, back_end), list(planned(scenarios)))
    finally:
        await stage.close()
        if back_end is not None:
            await back_end.close()
