"""``rocars-ivr prompts``: hear, make and check what the service says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from ivr.cli.config import ConfigFile, loaded
from ivr.cli.outside import of_records
from prompts import catalogue
from prompts.catalogue import CatalogueError, SlotKind
from speech.languages.language import Language

if TYPE_CHECKING:
    from ivr.settings.service import Settings
    from ivr.studio.clips import Studio
    from ivr.studio.importing import Imported
    from prompts.utterance import SlotValue

T = TypeVar("T")

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
    from prompts.library import RECORDINGS
    from prompts.recorder import faults
    from prompts.script import clips

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
    language: Annotated[
        list[Language] | None, typer.Option(help="This language alone; may be given again.")
    ] = None,
    voice: Annotated[
        str, typer.Option(help="espeak-ng, kokoro, cantonese or wyoming; else as configured.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Directory of recordings; else that of the settings.")
    ] = None,
) -> None:
    """Make the recordings that are missing or no longer fit their text.

    With --voice, also those that another voice made.
    """
    settings, _ = loaded(config)
    from rich.progress import track

    from prompts.library import RECORDINGS
    from prompts.recorder import prune, record, stale
    from prompts.script import clips
    from speech.voices.registry import opened_once
    from speech.voices.voice import VoiceUnavailable

    directory = out or settings.prompts.recordings or RECORDINGS
    languages = language or list(Language)
    names = {spoken: voice or settings.prompts.voices.voice(spoken) for spoken in languages}
    wanted = [
        clip
        for spoken in languages
        for clip in (clips(spoken) if everything else stale(directory, spoken, by=voice))
    ]

    async def work() -> None:
        progress = iter(track(range(len(wanted)), description="Recording"))
        needed = {clip.language: names[clip.language] for clip in wanted}
        with opened_once(needed, settings.prompts.voices, settings.prompts.synthesiser) as voices:
            async for _ in record(directory, wanted, settings.prompts, voices):
                next(progress)
        next(progress, None)

    try:
        asyncio.run(work())
    except VoiceUnavailable as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(1) from None
    deleted = prune(directory) if out is None else []
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
    import soundfile

    from prompts.composer import Composer
    from prompts.library import SAMPLE_RATE, load_library
    from prompts.stand_in import StandIns
    from prompts.utterance import Phrase

    try:
        prompt = catalogue.load(language).prompts[name]
    except KeyError:
        typer.echo(f"no prompt {name}; see `rocars-ivr prompts list`", err=True)
        raise typer.Exit(2) from None
    given = dict(pair.partition("=")[::2] for pair in slot or [])
    slots = {key: _value(kind, given.get(key, "")) for key, kind in prompt.slots.items()}

    async def compose() -> None:
        stand_ins = StandIns(settings.prompts, settings.node.data / "synthesised")
        library = load_library(settings.prompts.recordings)
        composer = Composer(library, settings.prompts, stand_ins)
        utterance = await composer.compose([Phrase(language, name, slots)])
        await stand_ins.close()
        with (
            out.open("wb") as place,  # libsndfile would not say why it cannot be written
            soundfile.SoundFile(place, "w", SAMPLE_RATE, 1, subtype="PCM_16", format="WAV") as file,
        ):
            file.buffer_write(utterance.pcm, dtype="int16")
        typer.echo(utterance.text)

    asyncio.run(compose())


@app.command()
def script(
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    language: Language = Language.ENGLISH,
    config: ConfigFile = None,
) -> None:
    """Write the recording script for a voice artist: numbers, file names, words, context."""
    settings, _ = loaded(config)
    from ivr.studio.script_book import as_csv

    async def write(studio: Studio) -> int:
        clips = await studio.of(language)
        out.write_text(as_csv(clips), encoding="utf-8", newline="")
        return len(clips)

    typer.echo(f"{_with_studio(settings, write)} recordings to be made, in {out}")


@app.command("import")
def take_set(
    source: Annotated[Path, typer.Argument(help="Folder or zip of files named by number.")],
    by: Annotated[str, typer.Option(help="Whose drafts they are.")],
    language: Language = Language.ENGLISH,
    config: ConfigFile = None,
) -> None:
    """Take in recordings as drafts; exit status 1 if one was refused."""
    settings, _ = loaded(config)
    from ivr.console.faults import message_for
    from ivr.studio.importing import opened, take_in
    from ivr.studio.intake import Intake

    largest = int(settings.prompts.takes.largest_mb * 1e6)
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    files = ((path.name, path.read_bytes()) for path in paths if path.is_file())

    async def take(studio: Studio) -> Imported:
        intake = Intake(studio.versions, settings.prompts)
        clips = await studio.of(language)
        return await take_in(intake, by, clips, opened(files, largest), largest)

    imported = _with_studio(settings, take)
    for refused in imported.refused:
        typer.echo(f"{refused.file}: {message_for(refused.why, str)}", err=True)
    for name in imported.unknown:
        typer.echo(f"{name}: not of the script", err=True)
    if imported.broken:
        typer.echo(f"{source}: {imported.broken}", err=True)
    typer.echo(f"{len(imported.taken)} taken as drafts, {len(imported.refused)} refused")
    if imported.refused or imported.broken or not imported.taken:
        raise typer.Exit(1)


def _with_studio(settings: Settings, work: Callable[[Studio], Awaitable[T]]) -> T:
    from ivr.records import migrations
    from ivr.records.database import Database, RecordsUnavailable
    from ivr.records.prompt_versions import PromptVersions
    from ivr.studio.clips import Studio
    from prompts.library import load_library

    async def do() -> T:
        records = Database(settings.records_url, settings.records)
        library = load_library(settings.prompts.recordings)
        try:
            return await work(Studio(PromptVersions(records), library, settings.prompts.recordings))
        finally:
            await records.close()

    try:
        migrations.upgrade(settings.records_url)
        return asyncio.run(do())
    except RecordsUnavailable as failure:
        typer.echo(f"rocars-ivr: {of_records(failure)}", err=True)
        raise typer.Exit(1) from None


def _value(kind: SlotKind, text: str) -> SlotValue:
    from prompts.composer import HONG_KONG

    try:
        if kind is SlotKind.NUMBER:
            return int(text)
        if kind is SlotKind.TIME:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    except ValueError:
        typer.echo(f"a slot of kind {kind} cannot be filled with {text!r}", err=True)
        raise typer.Exit(2) from None
    return text.split(",") if kind in (SlotKind.REFS, SlotKind.ENDINGS) else text
