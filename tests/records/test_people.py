"""Accounts: who may log in, and what guessing costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from ground.web.lockout import LockedFor, LockoutRule
from ground.web.passwords import SecretHasher
from ivr.records import audit
from ivr.records.account import NotPossible
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people import People
from ivr.records.people_tables import KnownDevice, LoginFailures, Person, WebSession
from ivr.records.roles import Role
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

PASSWORD = "a long enough password"
FREE_FAILURES = LockoutRule().free_failures


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def people(records: Database, monkeypatch: pytest.MonkeyPatch) -> People:
    cheap = SecretHasher(time_cost=1, memory_kib=64, parallelism=1)
    monkeypatch.setattr("ivr.records.people._HASHER", cheap)
    people = People(records)
    await people.accounts.add("test", "chan", "Chan Tai Man", Role.ADMINISTRATOR, PASSWORD)
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


async def test_how_many_failures_are_free_is_a_setting(records: Database, people: People) -> None:
    strict = People(records, lockout=LockoutRule(2, 600.0, 900.0))
    for _ in range(2):
        assert await strict.log_in("chan", "wrong", "127.0.0.1") is None
    with pytest.raises(LockedFor) as locked:
        await strict.log_in("chan", PASSWORD, "127.0.0.1")
    assert 590 < locked.value.seconds <= 600


async def test_guessing_locks_the_account_also_for_many_at_once(people: People) -> None:
    tried = await asyncio.gather(
        *(people.log_in("chan", f"guess {n}", "127.0.0.1") for n in range(FREE_FAILURES + 6)),
        return_exceptions=True,
    )
    assert sum(isinstance(visitor, LockedFor) for visitor in tried) == 6
    with pytest.raises(LockedFor):
        await people.log_in("chan", PASSWORD, "127.0.0.1")


async def test_a_lock_ends(people: People, records: Database) -> None:
    for _ in range(FREE_FAILURES):
        await people.log_in("chan", "wrong", "127.0.0.1")
    async with records.writing() as session:
        past = now() - timedelta(seconds=1)
        await session.execute(update(LoginFailures).values(locked_until=past))
    assert await people.log_in("chan", PASSWORD, "127.0.0.1") is not None


@pytest.mark.parametrize("column", [WebSession.began_at, WebSession.seen_at])
async def test_a_session_ends_by_itself(people: People, records: Database, column: object) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    async with records.writing() as session:
        await session.execute(update(WebSession).values({column: now() - timedelta(days=2)}))
    assert await people.visitor(visitor.token) is None


async def test_what_a_clock_that_was_ahead_has_locked_and_begun_is_not_believed(
    people: People, records: Database
) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    await people.log_in("chan", "wrong", "127.0.0.1")
    ahead = now() + timedelta(days=365)
    async with records.writing() as session:
        await session.execute(
            update(LoginFailures).values(failures=6, locked_until=ahead, last_at=ahead)
        )
        await session.execute(update(WebSession).values(began_at=ahead, seen_at=ahead))
    assert await people.visitor(visitor.token) is None
    assert await people.log_in("chan", PASSWORD, "127.0.0.1") is not None


async def test_a_page_that_asks_by_itself_keeps_no_session(
    people: People, records: Database
) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    for minutes, there in ((50, True), (70, False)):
        async with records.writing() as session:
            seen = now() - timedelta(minutes=minutes)
            await session.execute(update(WebSession).values(seen_at=seen))
        for _ in range(3):
            assert (await people.visitor(visitor.token, seen=False) is not None) is there


async def test_a_stranger_who_guesses_locks_themselves_out_alone(people: People) -> None:
    for _ in range(FREE_FAILURES):
        await people.log_in("chan", "wrong", "198.51.100.1")
    with pytest.raises(LockedFor):
        await people.log_in("chan", PASSWORD, "198.51.100.1")
    assert await people.log_in("chan", PASSWORD, "192.0.2.9") is not None


async def test_of_ipv6_a_whole_subscriber_is_one_stranger(people: People) -> None:
    for number in range(FREE_FAILURES):
        await people.log_in("chan", "wrong", f"2001:db8::{number + 1}")
    with pytest.raises(LockedFor):
        await people.log_in("chan", PASSWORD, "2001:db8::ffff")
    assert await people.log_in("chan", PASSWORD, "2001:db8:0:1::1") is not None


async def test_many_strangers_lock_strange_devices_alone(people: People, records: Database) -> None:
    few = People(records, from_everywhere=LockoutRule(free_failures=3))
    visitor = await few.log_in("chan", PASSWORD, "192.0.2.9")
    assert visitor is not None
    for number in range(3):
        assert await few.log_in("chan", "wrong", f"198.51.100.{number}") is None
    with pytest.raises(LockedFor):
        await few.log_in("chan", PASSWORD, "192.0.2.9")
    assert await few.log_in("chan", PASSWORD, "203.0.113.7", visitor.device) is not None
    with pytest.raises(LockedFor):
        await few.log_in("chan", PASSWORD, "203.0.113.7", "a device of their own")


async def test_a_guess_an_hour_locks_nobody(people: People, records: Database) -> None:
    few = People(records, from_everywhere=LockoutRule(free_failures=3))
    for number in range(8):
        assert await few.log_in("chan", "wrong", f"198.51.100.{number}") is None
        async with records.writing() as session:
            for row in await session.scalars(select(LoginFailures)):
                row.last_at -= timedelta(hours=1)


async def test_names_that_nobody_has_are_locked_alike(people: People) -> None:
    for name in ("chan", "nobody"):
        for _ in range(FREE_FAILURES):
            assert await people.log_in(name, "wrong", "198.51.100.1") is None
        with pytest.raises(LockedFor) as locked:
            await people.log_in(name, "wrong", "198.51.100.1")
        assert 0 < locked.value.seconds <= 30


async def test_web_and_telephone_are_counted_apart(people: People) -> None:
    await people.accounts.set_phone("test", "chan", "2468", "135792")
    for _ in range(FREE_FAILURES):
        await people.by_phone("2468", "999999", "+85291234567")
    with pytest.raises(LockedFor):
        await people.by_phone("2468", "135792", "+85291234567")
    assert await people.log_in("chan", PASSWORD, "127.0.0.1") is not None


async def test_an_administrator_unlocks(people: People, records: Database) -> None:
    await people.accounts.set_phone("test", "chan", "2468", "135792")
    for _ in range(FREE_FAILURES):
        await people.log_in("chan", "wrong", "127.0.0.1")
        await people.by_phone("2468", "999999", "")
    (person,) = await people.accounts.all()
    assert set(await people.accounts.locked([person])) == {"chan"}
    await people.accounts.unlock("test", "chan")
    assert await people.accounts.locked([person]) == {}
    assert await people.log_in("chan", PASSWORD, "127.0.0.1") is not None
    assert await people.by_phone("2468", "135792", "") is not None
    assert "person: unlocked" in [entry.action for entry in await audit.read(records)]


async def test_every_log_in_is_written_down_and_says_what_it_was(
    people: People, records: Database
) -> None:
    assert await people.log_in("chan", "wrong", "192.0.2.1") is None
    assert await people.log_in("nobody", "wrong", "192.0.2.2") is None
    assert await people.log_in("My Secret Password!", "x", "192.0.2.3") is None
    visitor = await people.log_in("chan", PASSWORD, "192.0.2.1")
    assert visitor is not None
    await people.log_out(visitor.token, "chan")
    deeds = [
        (entry.who, entry.action, entry.detail.get("address"))
        for entry in reversed(await audit.read(records))
    ]
    assert deeds[1:] == [
        ("chan", "log-in failed", "192.0.2.1"),
        ("nobody", "log-in failed", "192.0.2.2"),
        ("(no name)", "log-in failed", "192.0.2.3"),
        ("chan", "logged in", "192.0.2.1"),
        ("chan", "logged out", None),
    ]


async def test_old_failures_and_devices_are_forgotten(people: People, records: Database) -> None:
    await people.log_in("chan", "wrong", "192.0.2.1")
    assert await people.log_in("chan", PASSWORD, "192.0.2.9") is not None
    async with records.writing() as session:
        await session.execute(update(LoginFailures).values(last_at=now() - timedelta(days=2)))
        await session.execute(update(KnownDevice).values(seen_at=now() - timedelta(days=200)))
    await people.purge_sessions()
    async with records.reading() as session:
        assert (await session.scalars(select(LoginFailures))).all() == []
        assert (await session.scalars(select(KnownDevice))).all() == []


async def test_another_password_ends_all_sessions(people: People) -> None:
    visitor = await people.log_in("chan", PASSWORD, "127.0.0.1")
    assert visitor is not None
    await people.accounts.set_password("test", "chan", "another long password")
    assert await people.visitor(visitor.token) is None


@pytest.mark.parametrize(
    "password",
    [
        *("short", "aaaaaaaaaaaaaaaa", "my name is chan ok", "x" * 300),
        *("passwordpassword", "qwertyuiop123", "Iloveyou2024", "1234567890123", "rocarscustoms"),
        PASSWORD,  # that of today
    ],
)
async def test_weak_passwords_are_refused(people: People, password: str) -> None:
    with pytest.raises(NotPossible):
        await people.accounts.set_password("test", "chan", password)


async def test_somebody_must_remain_who_may_administrate(people: People) -> None:
    with pytest.raises(NotPossible, match="administrate"):
        await people.accounts.set_role("chan", "chan", Role.VIEWER)
    with pytest.raises(NotPossible, match="administrate"):
        await people.accounts.set_active("chan", "chan", False)


async def test_by_telephone(people: People) -> None:
    await people.accounts.set_phone("test", "chan", "2468", "135792")
    person = await people.by_phone("2468", "135792", "******1234")
    assert person is not None
    assert person.name == "chan"
    assert await people.by_phone("2468", "999999", "") is None
    assert await people.by_phone("9999", "135792", "") is None


async def test_no_secret_is_kept_in_clear(people: People, records: Database) -> None:
    await people.accounts.set_phone("test", "chan", "2468", "135792")
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
    assert [role for role in Role if not Role.ADMINISTRATOR.may(role)] == [Role.LISTENER]


def test_recordings_of_calls_are_heard_by_nobody_but_listeners() -> None:
    assert [role for role in Role if role.may(Role.LISTENER)] == [Role.LISTENER]
    assert [role for role in Role if Role.LISTENER.may(role)] == [Role.VIEWER, Role.LISTENER]
