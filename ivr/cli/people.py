"""``rocars-ivr people``: the accounts of the console, from the machine itself."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from ivr.cli.config import ConfigFile, loaded
from ivr.cli.outside import of_records
from ivr.records.roles import Role

if TYPE_CHECKING:
    from ivr.records.account import Accounts

app = typer.Typer(no_args_is_help=True, help="Accounts of the operators' console.")

T = TypeVar("T")

BY = "(command line)"

Password = Annotated[
    bool, typer.Option("--stdin", help="Read the secret from the standard input, not the terminal.")
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="To log in with: a-z, 0-9, dot, dash.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
    full_name: Annotated[str, typer.Option(help="As it is shown.")] = "",
    stdin: Password = False,
    config: ConfigFile = None,
) -> None:
    """Make an account; the first one must be an administrator."""
    password = _secret("Password", stdin)
    _done(config, lambda accounts: accounts.add(BY, name, full_name, role, password))
    typer.echo(f"{name} may log in as {role}")


@app.command("list")
def list_people(config: ConfigFile = None) -> None:
    """Who may log in, as what."""
    table = Table("name", "full name", "role", "operator ID", "active")
    for person in _done(config, lambda accounts: accounts.all()):
        active = "yes" if person.active else "no"
        table.add_row(person.name, person.full_name, person.role, person.operator_id or "", active)
    Console().print(table)


@app.command()
def password(name: str, stdin: Password = False, config: ConfigFile = None) -> None:
    """Set a password; unlocks the account."""
    secret = _secret("Password", stdin)
    _done(config, lambda accounts: accounts.set_password(BY, name, secret))


@app.command()
def phone(
    name: str,
    operator_id: Annotated[str, typer.Argument(help="Digits keyed on the recording line.")],
    stdin: Password = False,
    config: ConfigFile = None,
) -> None:
    """Let somebody record prompts by telephone: set operator ID and PIN."""
    secret = _secret("PIN", stdin)
    _done(config, lambda accounts: accounts.set_phone(BY, name, operator_id, secret))


@app.command()
def role(name: str, role: Role, config: ConfigFile = None) -> None:
    """Set what somebody may do."""
    _done(config, lambda accounts: accounts.set_role(BY, name, role))


@app.command()
def deactivate(name: str, config: ConfigFile = None) -> None:
    """Let somebody log in no more."""
    _done(config, lambda accounts: accounts.set_active(BY, name, False))


def _secret(what: str, stdin: bool) -> str:
    """Never an argument: those are seen by everybody on the machine."""
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    secret = getpass.getpass(f"{what}: ")
    if secret != getpass.getpass(f"{what} again: "):
        typer.echo("they differ", err=True)
        raise typer.Exit(1)
    return secret


def _done(config: ConfigFile, work: Callable[[Accounts], Awaitable[T]]) -> T:
    settings, _ = loaded(config)
    from ivr.records import migrations
    from ivr.records.account import NotPossible
    from ivr.records.database import Database, RecordsUnavailable
    from ivr.records.people import People

    async def do() -> T:
        records = Database(settings.records_url, settings.records)
        try:
            return await work(People(records).accounts)
        finally:
            await records.close()

    try:
        migrations.upgrade(settings.records_url)
        return asyncio.run(do())
    except RecordsUnavailable as failure:
        typer.echo(f"rocars-ivr: {of_records(failure)}", err=True)
        raise typer.Exit(1) from None
    except NotPossible as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(1) from None
