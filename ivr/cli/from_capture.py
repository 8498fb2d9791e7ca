"""``calls from-capture``: a call in a packet capture becomes a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.config import ConfigFile, loaded

NOT_MADE, USAGE = 1, 4


def from_capture(
    capture: Annotated[Path, typer.Argument(help="Packet capture, pcap or pcapng.")],
    out: Annotated[
        Path | None, typer.Option(help="Write it there (*.call.yaml); else it is printed.")
    ] = None,
    call_id: Annotated[
        str, typer.Option(help="Call-ID, where there are several calls in it.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
    config: ConfigFile = None,
) -> None:
    """Make a scenario of a keyed call that was captured: SIP and RTP over UDP, not encrypted.

    Prompts are known by their sound, as `calls run` knows them; keys by events, INFO or tones.
    Secrets, cargo and vehicles become variables. Several calls are listed. Exit status 1 if no
    scenario can be made of it: the reason is told.
    """
    settings, _ = loaded(config)
    if out is not None and out.exists() and not force:
        typer.echo(f"rocars-ivr: {out} is there already; --force overwrites it", err=True)
        raise typer.Exit(USAGE)
    from ivr.caller.capture.datagrams import CannotBeRead, read_capture
    from ivr.caller.capture.from_capture import chosen, history_from_capture
    from ivr.caller.capture.keyed import Digits
    from ivr.caller.hearing.repertoire import Repertoire
    from ivr.caller.retold.history import CannotBeRetold
    from ivr.caller.retold.waits import Waits
    from ivr.caller.retold.writing import as_file
    from prompts.library import load_library
    from prompts.live import as_heard

    rules = settings.flows
    try:
        read = read_capture(capture)
        call = chosen(read, call_id)
        library = as_heard(load_library(settings.prompts.recordings), settings.published_prompts)
        digits = Digits(rules.user_id_digits, rules.pin_digits, rules.code_digits)
        waits = Waits.of(settings.dialogue, settings.speech)
        history = history_from_capture(
            read, call, Repertoire.of_library(library), digits, waits.terminator_grace_s
        )
    except (CannotBeRead, CannotBeRetold) as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(NOT_MADE) from None
    text = as_file(history, waits)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: run it with `rocars-ivr calls run {out}`")
