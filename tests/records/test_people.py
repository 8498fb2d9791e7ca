"""Accounts: who may log in, and what guessing costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from ivr.records import audit
from ivr.records.console_tables import Person, WebSession
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people import FREE_FAILURES, LockedFor, NotPossible, People
from ivr.records.roles import Role
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

PASSWORD = "a long enough password"


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def people(records: Database) -> People:
    people = People(records)
    await people.add("test", "chan", "Chan Tai Man", Role.ADMINISTRATOR, PASSWORD)
    return people


async def test_who_knows_the_password_is_in(people: People) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    again = await people.visitor(visitor.token)
    assert again is not None
    assert (again.person.name, again.csrf) == ("chan", visitor.csrf)
    await people.log_out(visitor.token)
    assert await people.visitor(visitor.token) is None


@pytest.mark.parametrize(("name", "password"), [("chan", "wrong"), ("nobody", PASSWORD), ("", "")])
async def test_who_does_not_is_not(people: People, name: str, password: str) -> None:
    assert await people.log_in(name, password, "127.0.0.1") is None


async def test_guessing_locks_the_account_also_for_many_at_once(people: People) -> None:
    tried = await asyncio.gather(
        *(people.log_in("chan", f"guess {n}", "127.0.0.1") for n in range(FREE_FAILURES + 6)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, LockedFor) for one in tried) == 6
    with pytest.raises(LockedFor):
        await people.log_in("chan", PASSWORD, "127.0.0.1")


async def test_a_lock_ends(people: People, records: Database) -> None:
    for _ in range(FREE_FAILURES):
        await people.log_in("chan", "wrong", "127.0.0.1")
    async with records.writing() as session:
        await session.execute(update(Person).values(locked_until=now() - timedelta(seconds=1)))
    assert await people.log_in("chan", PASSWORD, "127.0.0.1") is not None


@pytest.mark.parametrize("column", [WebSession.began_at, WebSession.seen_at])
async def test_a_session_ends_by_itself(people: People, records: Database, column: object) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    async with records.writing() as session:
        await session.execute(update(WebSession).values({column: now() - timedelta(days=2)}))
    assert await people.visitor(visitor.token) is None


async def test_another_password_ends_all_sessions(people: People) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    await people.set_password("test", "chan", "another long password")
    assert await people.visitor(visitor.token) is None


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "my name is chan ok", "x" * 300])
async def test_weak_passwords_are_refused(people: People, password: str) -> None:
    with pytest.raises(NotPossible):
        await people.set_password("test", "chan", password)


async def test_somebody_must_remain_who_may_administrate(people: People) -> None:
    with pytest.raises(NotPossible, match="administrate"):
        await people.set_role("chan", "chan", Role.VIEWER)
    with pytest.raises(NotPossible, match="administrate"):
        await people.set_active("chan", "chan", False)


async def test_by_telephone(people: People) -> None:
    await people.set_phone("test", "chan", "2468", "135792")
    person = await people.by_phone("2468", "135792", "******1234")
    assert person is not None
    assert person.name == "chan"
    assert await people.by_phone("2468", "999999", "") is None
    assert await people.by_phone("9999", "135792", "") is None


async def test_no_secret_is_kept_in_clear(people: People, records: Database) -> None:
    await people.set_phone("test", "chan", "2468", "135792")
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    async with records.reading() as session:
        rows = [*await session.scalars(select(Person)), *await session.scalars(select(WebSession))]
    kept = repr([vars(row) for row in rows]) + repr(
        [vars(entry) for entry in await audit.read(records)]
    )
    for secret in (PASSWORD, "135792", visitor.token):
        assert secret not in kept


def test_roles_include_those_below() -> None:
    assert Role.REVIEWER.may(Role.OPERATOR)
    assert not Role.OPERATOR.may(Role.REVIEWER)
    assert all(Role.ADMINISTRATOR.may(role) for role in Role)
