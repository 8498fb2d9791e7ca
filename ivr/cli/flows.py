"""``rocars-ivr flows``: the conversations, listed, drawn and checked."""

from __future__ import annotations

import subprocess
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from speech.languages.language import Language

app = typer.Typer(no_args_is_help=True, help="List, draw and check the conversations.")


class Format(StrEnum):
    MARKDOWN = "markdown"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


@app.command("list")
def list_flows() -> None:
    """Every flow, and how many steps it has."""
    from ivr.drawing.book import flow_graphs

    for flow in flow_graphs():
        typer.echo(f"{flow.module}.{flow.name}: {len(flow.nodes)} steps")


@app.command("check")
def check_flows() -> None:
    """Check flows and prompts against each other; exit status 1 if anything is wrong."""
    from ivr.drawing.rules import Source, check
    from ivr.drawing.source import read_dialogue, read_flows

    flows = read_flows()
    found = check(Source(flows, read_dialogue()))
    for finding in found:
        typer.echo(str(finding), err=True)
    if found:
        raise typer.Exit(1)
    count = sum(len(module.flows) for module in flows)
    typer.echo(f"{count} flows, {len(Language)} languages, nothing wrong")


@app.command()
def draw(
    out: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("docs/flows"),
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.MARKDOWN,
    language: Annotated[
        Language, typer.Option(help="Language of the texts in the drawing.")
    ] = Language.ENGLISH,
) -> None:
    """Draw the flows from their source."""
    from ivr.drawing.book import flow_graphs, markdown
    from ivr.drawing.mermaid import dot, mermaid

    out.mkdir(parents=True, exist_ok=True)
    if format is Format.MARKDOWN:
        (out / "README.md").write_text(markdown(language), encoding="utf-8")
        typer.echo(str(out / "README.md"))
        return
    for flow in flow_graphs():
        text = mermaid(flow, language) if format is Format.MERMAID else dot(flow, language)
        path = out / f"{flow.module}.{flow.name}.{'mmd' if format is Format.MERMAID else format}"
        if format is Format.SVG:
            text = _svg(text)
        path.write_text(text, encoding="utf-8")
        typer.echo(str(path))


def _svg(text: str) -> str:
    try:
        drawn = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        typer.echo("rocars-ivr: no program `dot`; install Debian's package graphviz", err=True)
        raise typer.Exit(1) from None
    return drawn.stdout
