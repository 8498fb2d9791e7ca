"""``rocars-ivr prompts``: hear, make and check what the service says."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import soundfile
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ivr.cli.config import ConfigFile, loaded
from prompts import catalogue
from prompts.catalogue import CatalogueError, SlotKind
from prompts.composer import HONG_KONG, Composer
from prompts.library import RECORDINGS, SAMPLE_RATE, load_library
from prompts.recorder import faults, prune, record, stale
from prompts.script import clips
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue
from speech.language import Language
from speech.synthesiser.synthesiser import SynthesisFailed

app = typer.Typer(no_args_is_help=True, help="Hear, make and check what the service says.")


@app.command("list")
def list_prompts(language: Language = Language.ENGLISH) -> None:
    """Every prompt of a language with its text."""
    table = Table("prompt", "text", title=str(language))
    for prompt in catalogue.load(language):
        table.add_row(prompt.name, prompt.text)
    Console().print(table)


@app.command()
def check(config: ConfigFile = None) -> None:
    """Check catalogue and recordings; exit status 1 if anything is wrong."""
    settings, _ = loaded(config)
    try:
        found = catalogue.differences()
    except CatalogueError as failure:
        found = [str(failure)]
    directory = settings.prompts.recordings or RECORDINGS
    found += [
        f"{fault.language} {fault.clip}: {fault.what}"
        for fault in faults(directory, settings.prompts)
    ]
    for line in found:
        typer.echo(line, err=True)
    if found:
        raise typer.Exit(1)
    count = sum(1 for language in Language for _ in clips(language))
    typer.echo(f"{count} recordings in {len(Language)} languages, all well")


@app.command("record")
def record_prompts(
    config: ConfigFile = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is recorded.")] = False,
) -> None:
    """Synthesise the recordings that are missing or no longer fit their text."""
    settings, _ = loaded(config)
    directory = settings.prompts.recordings or RECORDINGS
    wanted = [
        clip
        for language in Language
        for clip in (clips(language) if everything else stale(directory, language))
    ]

    async def work() -> None:
        progress = iter(track(range(len(wanted)), description="Recording"))
        async for _ in record(directory, wanted, settings.prompts):
            next(progress)
        next(progress, None)

    try:
        asyncio.run(work())
    except SynthesisFailed as failure:
        typer.echo(f"rocars-ivr: {failure} (Debian package libespeak-ng1)", err=True)
        raise typer.Exit(1) from None
    deleted = prune(directory)
    typer.echo(f"{len(wanted)} recordings made, {len(deleted)} deleted that nothing says any more")


@app.command()
def say(
    name: Annotated[str, typer.Argument(help="Prompt, such as bundle.done")],
    out: Annotated[Path, typer.Option(help="WAV file to write.")],
    language: Language = Language.ENGLISH,
    slot: Annotated[
        list[str] | None, typer.Option(help="What fills a slot, as ubr=1234567890.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write one prompt as callers hear it to a WAV file, and print its words."""
    settings, _ = loaded(config)
    try:
        prompt = catalogue.load(language).prompts[name]
    except KeyError:
        typer.echo(f"no prompt {name}; see `rocars-ivr prompts list`", err=True)
        raise typer.Exit(2) from None
    given = dict(one.partition("=")[::2] for one in slot or [])
    slots = {key: _value(kind, given.get(key, "")) for key, kind in prompt.slots.items()}

    async def compose() -> None:
        stand_ins = StandIns(settings.prompts, settings.node.data / "synthesised")
        library = load_library(settings.prompts.recordings)
        composer = Composer(library, settings.prompts, stand_ins)
        utterance = await composer.compose([Phrase(language, name, slots)])
        await stand_ins.close()
        with soundfile.SoundFile(out, "w", SAMPLE_RATE, 1, subtype="PCM_16") as file:
            file.buffer_write(utterance.pcm, dtype="int16")
        typer.echo(utterance.text)

    asyncio.run(compose())


def _value(kind: SlotKind, text: str) -> SlotValue:
    try:
        if kind is SlotKind.NUMBER:
            return int(text)
        if kind is SlotKind.TIME:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    except ValueError:
        typer.echo(f"a slot of kind {kind} cannot be filled with {text!r}", err=True)
        raise typer.Exit(2) from None
    return text.split(",") if kind is SlotKind.REFS else text
