"""The same records on a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from ground.database.engine import reason
from ivr.records import audit, audit_chain
from ivr.records.account import NotPossible
from ivr.records.api_tokens import ApiTokens
from ivr.records.audit_tables import AuditEntry
from ivr.records.call_book import AlreadySettled, CallBook
from ivr.records.call_search import CallFilter, CallSearch
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.factor_changes import ChangeKind, FactorChange
from ivr.records.facts import BundleFinished, BundleSent, CallClosed, Step, now
from ivr.records.measures import Measure
from ivr.records.migrations import current, head, upgrade
from ivr.records.migrations.upgrade import UPGRADE_LOCK
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import NodeState, OrderKind
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from ivr.records.passkey_tables import Passkey
from ivr.records.passkeys import Passkeys, RelyingParty
from ivr.records.people import People
from ivr.records.people_tables import Person
from ivr.records.prompt_tables import VersionState
from ivr.records.prompt_versions import PromptVersions
from ivr.records.provider_accounts import NameTaken, ProvidedPerson, ProviderAccounts
from ivr.records.roles import Role
from ivr.records.second_factor import SecondFactor, Ticket
from ivr.records.second_proof import ProofKind
from ivr.records.settings import RecordsSettings
from ivr.records.tallies import Tallies
from ivr.records.token_tables import Scope
from tests.records.conftest import FAST, NotingMonitor, an_offered_call
from tests.records.test_migrations import check
from tests.records.test_prompt_versions import a_take
from tests.support.certificates import Certificates
from tests.support.pace import limit
from tests.support.past_calls import past_call

pytestmark = pytest.mark.service

BINARIES = Path("/usr/lib/postgresql")
DONE = CallClosed(CallOutcome.COMPLETED, EndedBy.CALLER, sip_code=200)


def _binary(name: str) -> str:
    found = shutil.which(name) or next(map(str, sorted(BINARIES.glob(f"*/bin/{name}"))), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed: NOT TESTED ON POSTGRESQL")
    return found


class Server:
    """A server of its own in a temporary directory, as a user who is not root."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(directory, self.user)
        self._run(_binary("initdb"), "-D", "data", "-U", "ivr", "-A", "trust", "-N")
        Certificates(directory)
        if os.geteuid() == 0:
            shutil.chown(directory / "key.pem", self.user)
        (directory / "key.pem").chmod(0o600)

    def _run(self, *command: str) -> None:
        subprocess.run(
            command,
            cwd=self.directory,
            user=self.user if os.geteuid() == 0 else None,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=limit(60),
        )

    def start(self) -> None:
        options = f"-p {self.port} -k {self.directory} -c listen_addresses=127.0.0.1 -F"
        for name in ("cert", "key"):
            options += f" -c ssl_{name}_file={self.directory}/{name}.pem"
        options += " -c ssl=on"
        self._run(_binary("pg_ctl"), "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run(_binary("pg_ctl"), "-D", "data", "-m", "immediate", "-w", "stop")

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://ivr@127.0.0.1:{self.port}/postgres"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ivr-pg-", ignore_cleanup_errors=True) as directory:
        server = Server(Path(directory))
        server.start()
        upgrade(server.url)
        yield server
        server.stop()


def test_the_migrations_lead_to_the_tables_of_the_code(server: Server) -> None:
    assert current(server.url) == head()
    assert upgrade(server.url) == head()
    asyncio.run(check(server.url))


async def test_nodes_that_start_together_wait_for_the_one_that_upgrades(server: Server) -> None:
    """Longer than a transaction of a call may take: an upgrade of many calls takes minutes."""
    engine = create_async_engine(server.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as other:
        await other.execute(text("CREATE DATABASE empty"))
        fresh = create_async_engine(server.url.replace("/postgres", "/empty"))
        async with fresh.connect() as upgrading:
            await upgrading.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
            nodes = [
                asyncio.create_task(asyncio.to_thread(upgrade, fresh.url.render_as_string(False)))
                for _ in range(3)
            ]
            await asyncio.sleep(RecordsSettings().write_timeout_s + 1)
            assert not any(node.done() for node in nodes)
        assert await asyncio.gather(*nodes) == [head()] * 3
        await fresh.dispose()
    await engine.dispose()


async def test_a_call_is_recorded(server: Server) -> None:
    monitor = NotingMonitor()
    book = CallBook(server.url, FAST, monitor)
    book.start()
    offered_at = datetime.now(UTC)
    call_id = await book.open(an_offered_call(sip_call_id="x\x00y", offered_at=offered_at))
    book.answered(call_id, codec="PCMA/8000")
    book.step(call_id, Step("said", "welcome", text="早晨\x00", detail={"nan": float("nan")}))
    assert await book.close(call_id, DONE)
    assert not await book.close(call_id, DONE)
    cdr = await book.call(call_id)
    assert cdr is not None
    assert (cdr.offered_at, cdr.outcome) == (offered_at, CallOutcome.COMPLETED)
    assert [step.text for step in await book.steps(call_id)] == ["早晨\ufffd"]
    assert monitor.records == []
    orphan = await book.open(an_offered_call(node="hk9"))
    assert await book.close_orphans("hk9") == [orphan]
    assert await book.purge(datetime.now(UTC) + timedelta(days=1)) >= 2
    assert await book.steps(call_id) == []
    await book.shut()


async def test_a_cdr_is_finished_once_by_rivals(server: Server) -> None:
    books = [CallBook(server.url, FAST, NotingMonitor()) for _ in range(4)]
    for book in books:
        book.start()
    for _ in range(10):
        call_id = await books[0].open(an_offered_call())
        assert sum(await asyncio.gather(*(book.close(call_id, DONE) for book in books))) == 1
    for book in books:
        await book.shut()


async def test_a_bundle_request_is_settled_once(server: Server) -> None:
    book = CallBook(server.url, FAST, NotingMonitor())
    book.start()
    sent = BundleSent("pg-1", "call-1", "87654321", ("1234567890123",), "AB1234", "hk1", 1)
    await book.bundle_request_sent(sent)
    await book.bundle_request_sent(sent)
    (request,) = await book.unsettled_bundle_requests(now() + timedelta(seconds=1))
    assert (request.attempts, request.ccrns) == (2, ["1234567890123"])
    confirmed = BundleFinished("pg-1", BundleRequestState.CONFIRMED, ubr="1")
    assert await book.bundle_request_finished("call-1", confirmed)
    assert not await book.bundle_request_finished("call-1", confirmed)
    with pytest.raises(AlreadySettled):
        await book.bundle_request_sent(sent)
    await book.shut()


async def test_nodes_that_start_together_number_the_clips_alike(server: Server) -> None:
    nodes = [Database(server.url, FAST) for _ in range(4)]
    try:
        for attempt in range(10):
            clips = [f"prompt.{attempt}--{n}" for n in range(100)]
            numbers = await asyncio.gather(
                *(PromptVersions(node).numbers.of(clips) for node in nodes)
            )
            assert all(number == numbers[0] for number in numbers)
            assert len(set(numbers[0].values())) == len(numbers[0]) == 100 * (attempt + 1)
    finally:
        for node in nodes:
            await node.close()


async def test_the_console_has_its_records_there_too(server: Server) -> None:
    records = Database(server.url, FAST)
    book = CallBook(server.url, FAST, NotingMonitor())
    book.start()
    people, versions = People(records), PromptVersions(records)
    await people.accounts.add("test", "chan", "Chan", Role.ADMINISTRATOR, "a long enough password")
    assert await people.log_in("chan", "wrong", "here") is None
    visitor = await people.log_in("chan", "a long enough password", "here")
    assert visitor is not None
    assert await people.visitor(visitor.token) is not None
    (open_session,) = await people.sessions.of("chan")
    assert (open_session.address, open_session.agent) == ("here", "")
    await people.sessions.end("chan", "chan", open_session.name)
    assert await people.visitor(visitor.token) is None

    drafts = [await versions.add("chan", a_take(str(n))) for n in range(3)]
    for draft in drafts:
        await versions.review("lee", draft.version_id)
    swapped = await asyncio.gather(
        *(versions.make_live("lee", draft.version_id) for draft in drafts), return_exceptions=True
    )
    assert any(not isinstance(version, Exception) for version in swapped)
    assert len(await versions.in_state(VersionState.LIVE)) == 1
    twice = await asyncio.gather(
        *(versions.add("chan", a_take("twice"), once=True) for _ in range(2))
    )
    assert len({draft.version_id for draft in twice}) == 1
    await versions.review("lee", twice[0].version_id)
    await versions.schedule("lee", twice[0].version_id, now())
    assert len(await versions.activate_due()) == 1
    changes = (update(AuditEntry).values(who="x"), delete(AuditEntry), text("TRUNCATE audit"))
    await asyncio.gather(*(audit.write(records, "lee", "did", str(n), share=0.5) for n in range(8)))
    verdict = await audit_chain.check(records)
    assert verdict.entries > 15
    assert not verdict.broken
    for change in changes:
        with pytest.raises((RecordsUnavailable, DBAPIError)):
            async with records.writing() as session:
                await session.execute(change)

    call_id = await past_call(book, ccrn="7777777777777", questions=(("ccrn.ask", "answered"),))
    assert [call.call_id for call in await CallSearch(records).find(CallFilter(ccrn="7" * 13))] == [
        call_id
    ]
    tallies = Tallies(records)
    await tallies.count(date(2026, 11, 2))
    counts = await tallies.read(date(2026, 11, 2), date(2026, 11, 2))
    assert {(count.measure, count.name, count.count) for count in counts} >= {
        (Measure.ASKED, "ccrn.ask", 1),
        (Measure.HOUR_CALLS, "09", 1),
    }

    tokens = ApiTokens(records)
    made = await tokens.make("chan", "report", [Scope.CALLS], now() + timedelta(days=1))
    known = await tokens.known(made.secret, "192.0.2.1")
    assert known is not None
    assert known.opens(Scope.CALLS)
    await tokens.revoke("chan", known.token_id)
    assert await tokens.known(made.secret, "192.0.2.1") is None

    orders = NodeOrders(records)
    live = await book.open(an_offered_call(node="n1", worker_slot=2))
    await orders.give("chan", "n1", OrderKind.HANG_UP, live)
    await orders.give("chan", "n1", OrderKind.CLOSE, "")
    assert await orders.slots_with_orders("n1") == [2]
    assert [order.kind for order in await orders.take_for_node("n1")] == [OrderKind.CLOSE]
    assert [call.kind for call in await orders.take_for_calls([live])] == [OrderKind.HANG_UP]
    assert await orders.take_for_calls([live]) == []
    await orders.give("chan", "n1", OrderKind.HANG_UP, live)  # it has been done
    (ordered,) = await orders.of_calls(timedelta(minutes=15))
    assert ordered.call is not None
    assert (ordered.call.call_id, ordered.transfer, ordered.void) == (live, "", False)
    for lines in (4, 8):
        await orders.say(
            NodeState(
                node="n1",
                at=now(),
                lines=lines,
                active=0,
                front_up=True,
                closed=False,
                workers=[],
            )
        )
    assert [(node.node, node.lines) for node in await orders.nodes()] == [("n1", 8)]
    await book.shut()
    await records.close()


class Shown:
    """A passkey that says that it is them."""

    kind = ProofKind.PASSKEY

    async def holds(self, session: AsyncSession, person: Person, ticket: Ticket) -> bool:
        return True


async def test_accounts_of_a_provider_and_second_factors_are_there_too(server: Server) -> None:
    records = Database(server.url, FAST)
    accounts, people = ProviderAccounts(records), People(records)
    wong = ProvidedPerson("https://id.example.hk", "1001", "wong", "Wong", Role.OPERATOR)
    at_once = await asyncio.gather(*(accounts.account_of(wong) for _ in range(3)))
    assert len({account.person_id for account in at_once}) == 1
    promoted = await accounts.account_of(replace(wong, role=Role.REVIEWER))
    assert promoted.role is Role.REVIEWER
    with pytest.raises(NameTaken):
        await accounts.account_of(replace(wong, subject="1002"))
    factor = SecondFactor(Fernet.generate_key().decode())
    passkeys = Passkeys(records, factor)
    party = RelyingParty("console.example.hk", "https://console.example.hk")
    async with records.writing() as session:
        for serial in range(2):
            session.add(
                Passkey(
                    person_id=promoted.person_id,
                    name=f"key {serial}",
                    host=party.host,
                    credential_id=f"AAA{serial}",
                    public_key=b"",
                    sign_count=2**32 - 1,
                    transports=["usb"],
                    made_at=now(),
                )
            )
    ticket = factor.ticket("wong", now())
    assert (await passkeys.wanted(ticket, party)).options
    keys = await passkeys.of("wong")
    held = await people.accounts.by_name("wong")
    assert held is not None

    async def remove(passkey_id: int) -> FactorChange | None:
        change = FactorChange(ChangeKind.REMOVE_PASSKEY, str(passkey_id))
        ticket = await people.factors.ticket(factor, held, change, needed=True)
        return await people.factors.prove(factor, held, ticket, Shown(), "", needed=True)

    removed = await asyncio.gather(
        *(remove(key.passkey_id) for key in keys), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in removed) == ["FactorChange", "NotPossible"]
    with pytest.raises(NotPossible, match="your role needs"):
        await remove((await passkeys.of("wong"))[0].passkey_id)
    await people.factors.take_away("test", "wong", "", "lost")
    assert await passkeys.of("wong") == []
    await records.close()


ENCRYPTED = text(
    "SELECT ssl, application_name FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
    "WHERE pid = pg_backend_pid()"
)


@pytest.mark.parametrize(
    ("parameters", "encrypted"),
    [
        ("sslmode=require", True),
        ("sslmode=verify-full&sslrootcert={ca}", True),
        ("sslmode=verify-ca&sslrootcert={ca}&ssl_min_protocol_version=TLSv1.3", True),
        ("sslrootcert={ca}&pgbouncer=true", True),
        ("sslmode=prefer", True),
        ("sslmode=disable", False),
    ],
)
async def test_tls_as_hosts_write_it(server: Server, parameters: str, encrypted: bool) -> None:
    more = parameters.format(ca=server.directory / "ca.pem")
    records = Database(f"{server.url}?{more}&application_name=hk1&connect_timeout=5", FAST)
    async with records.reading() as session:
        assert (await session.execute(ENCRYPTED)).one() == (encrypted, "hk1")
    await records.close()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("sslmode=verify-full&sslrootcert={others}", "certificate verify failed"),
        ("sslmode=verify-full", "certificate verify failed"),
    ],
)
async def test_a_server_that_is_not_known_gets_no_password(
    server: Server, parameters: str, expected: str
) -> None:
    url = f"{server.url}?{parameters.format(others=certifi.where())}"
    records = Database(url, FAST)
    with pytest.raises(RecordsUnavailable) as caught:
        async with records.reading() as session:
            await session.execute(text("SELECT 1"))
    assert expected in str(reason(caught.value.__cause__ or caught.value))
    await records.close()


async def test_a_backup_taken_during_a_call_is_restored(server: Server) -> None:
    """As docs/running.md has it: pg_dump -Fc, pg_restore."""
    book = CallBook(server.url, FAST, NotingMonitor())
    book.start()
    call_id = await book.open(an_offered_call())
    records = Database(server.url, FAST)
    await audit.write(records, "chan", "a deed", "before the backup")
    where = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "ivr")
    dumped = f"{server.directory}/records.dump"
    dumping = (_binary("pg_dump"), *where, "-Fc", "-f", dumped, "postgres")
    await asyncio.to_thread(server._run, *dumping)
    await book.close(call_id, DONE)
    await book.shut()
    await records.close()
    await asyncio.to_thread(server._run, _binary("createdb"), *where, "restored")
    await asyncio.to_thread(server._run, _binary("pg_restore"), *where, "-d", "restored", dumped)
    url = server.url.replace("/postgres", "/restored")
    assert await asyncio.to_thread(upgrade, url) == head()
    await check(url)
    records = Database(url, FAST)
    assert (await audit_chain.check(records)).broken == ""
    assert (await audit.read(records, limit=1))[0].subject == "before the backup"
    with pytest.raises((RecordsUnavailable, DBAPIError)):  # its triggers came with it
        async with records.writing() as session:
            await session.execute(text("TRUNCATE audit"))
    await records.close()
    book = CallBook(url, FAST, NotingMonitor())
    book.start()
    assert call_id in await book.close_orphans("hk1"), "the call went on after the backup"
    await book.shut()


async def test_a_server_that_dies_and_returns_costs_no_call(server: Server) -> None:
    monitor = NotingMonitor()
    book = CallBook(server.url, FAST, monitor)
    book.start()
    call_id = await book.open(an_offered_call())
    await asyncio.to_thread(server.stop)
    try:
        book.step(call_id, Step("said", "lost"))
        during = await book.open(an_offered_call())
        assert await book.flush(10)
        assert sorted(monitor.records) == ["call_opened", "step"]
        with pytest.raises(RecordsUnavailable):
            await book.recent()
    finally:
        await asyncio.to_thread(server.start)
    book.step(call_id, Step("said", "kept"))
    assert await book.close(call_id, DONE)
    assert await book.close(during, DONE)
    assert [step.name for step in await book.steps(call_id)] == ["kept"]
    assert len(await book.find_by_sip_call_id("a84b4c76e66710@pbx.example")) >= 2
    assert monitor.states == [False, True, False]
    await book.shut()
