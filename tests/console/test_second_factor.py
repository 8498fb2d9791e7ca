"""A password alone lets nobody in who has a second factor, and no code is good twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from aiohttp import ClientSession, CookieJar
from cryptography.fernet import Fernet
from pydantic import ValidationError
from sqlalchemy import select, update

from ivr.console.settings import ConsoleSettings
from ivr.records import audit
from ivr.records.facts import now
from ivr.records.people_tables import LoginFailures, Person
from ivr.records.roles import Role
from ivr.records.second_factor import STEP_S, SecondFactor, SecondFactorAway, TicketUse
from tests.console.conftest import PASSWORDS, Console
from tests.console.test_door import browser, ruled, token

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

KEY = Fernet.generate_key().decode()
ROLE = Role.REVIEWER


def found(name: str, page: str) -> str:
    value = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert value is not None
    return value[1]


def with_key(console: Console, **rules: object) -> None:
    ruled(console, second_factor_key=console.site.rules.second_factor_key, **rules)
    console.site.people.second_factor = console.site.passkeys.factor = SecondFactor(KEY)


async def enrolled(console: Console, session: ClientSession) -> tuple[pyotp.TOTP, str]:
    """The authenticator of somebody who has just set one up, and the code they did it with."""
    form = {"csrf": await token(session)}
    async with session.post("/me/second-factor/new", data=form) as answer:
        page = await answer.text()
        assert "<svg" in page
    totp = pyotp.TOTP(re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0])
    form |= {"sealed": found("sealed", page), "code": totp.now(), "old": PASSWORDS[ROLE]}
    for wrong in ({"old": "wrong"}, {"code": "000000"}, {"sealed": "x"}):
        async with session.post("/me/second-factor", data=form | wrong) as answer:
            assert "code of your authenticator is asked for" not in await answer.text()
    async with session.post("/me/second-factor", data=form) as answer:
        assert "From now on the code of your authenticator is asked for" in await answer.text()
    return totp, form["code"]


async def forget_the_last_code(console: Console) -> None:
    """As after half a minute."""
    async with console.site.records.writing() as session:
        await session.execute(update(Person).values(totp_step=1))


async def test_from_setting_it_up_to_logging_in_with_it(console: Console) -> None:
    with_key(console)
    async with browser(console, ROLE) as session:
        totp, used = await enrolled(console, session)
    name = console.names[ROLE]
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session:
        given = {"name": name, "password": PASSWORDS[ROLE], "next": "/prompts"}
        async with session.post("/login", data=given) as answer:
            page = await answer.text()
        assert "The code of your authenticator" in page
        async with session.get("/live", allow_redirects=False) as answer:
            assert answer.status == 303  # not in yet
        form = {"ticket": found("ticket", page), "next": "/prompts", "code": used}
        async with session.post("/login/code", data=form) as answer:
            assert answer.status == 403  # it was used to set the authenticator up
        await forget_the_last_code(console)
        good = totp.now()
        for code, status in (("000000", 403), ("", 403), (f" {good[:3]} {good[3:]} ", 200)):
            async with session.post("/login/code", data=form | {"code": code}) as answer:
                assert answer.status == status
        assert answer.url.path == "/prompts"
    entries = await audit.read(console.site.records, who=name)
    whys = [entry.detail.get("why") for entry in entries if entry.action == "log-in failed"]
    assert whys.count("code") == 3
    async with console.site.records.reading() as reading:
        kept = await reading.scalar(select(Person.totp_seed).where(Person.name == name))
    assert kept is not None
    assert totp.secret not in kept + repr([entry.detail for entry in entries])


async def test_guessing_codes_locks_them(console: Console) -> None:
    with_key(console)
    async with browser(console, ROLE) as session:
        totp, _ = await enrolled(console, session)
    await forget_the_last_code(console)
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session:
        given = {"name": console.names[ROLE], "password": PASSWORDS[ROLE]}
        async with session.post("/login", data=given) as answer:
            form = {"ticket": found("ticket", await answer.text())}
        statuses = []
        for code in ["000000"] * 5 + [totp.now()]:
            async with session.post("/login/code", data=form | {"code": code}) as answer:
                statuses.append(answer.status)
    assert statuses == [403] * 5 + [429]
    async with console.site.records.writing() as writing:
        await writing.execute(update(LoginFailures).values(locked_until=None))


@pytest.mark.parametrize(
    "ticket",
    ["", "x", "gAAAA", "\u00e9", Fernet(Fernet.generate_key()).encrypt(b"{}").decode()],
    ids=["none", "short", "begun", "no ASCII", "of another key"],
)
async def test_no_ticket_of_anybody_elses_making(console: Console, ticket: str) -> None:
    with_key(console)
    async with ClientSession(console.url) as session:
        form = {"ticket": ticket, "code": "123456"}
        async with session.post("/login/code", data=form) as answer:
            assert answer.status == 403


async def test_a_role_that_needs_one_sees_nothing_without(console: Console) -> None:
    with_key(console, second_factor_roles=(ROLE,))
    async with browser(console, ROLE) as session:
        async with session.get("/live") as answer:
            assert answer.url.path == "/me"
            assert "Your role needs a second factor" in await answer.text()
        await enrolled(console, session)
        async with session.get("/live") as answer:
            assert answer.url.path == "/live"
    async with browser(console, Role.VIEWER) as session, session.get("/live") as answer:
        assert answer.url.path == "/live"


async def proof_page(session: ClientSession, path: str, form: dict[str, str]) -> str:
    """What is asked of somebody who is about to change their second factors."""
    async with session.post(path, data=form | {"old": PASSWORDS[ROLE]}) as answer:
        page = await answer.text()
        assert "prove that it is you" in page, page
    return found("ticket", page)


async def test_ones_own_is_removed_with_password_and_code(console: Console) -> None:
    with_key(console)
    name = console.names[ROLE]
    async with browser(console, ROLE) as elsewhere, browser(console, ROLE) as session:
        totp, _ = await enrolled(console, session)
        form, remove = {"csrf": await token(session)}, "/me/second-factor/remove"
        async with session.post(remove, data=form | {"old": "wrong"}) as answer:
            assert "password of today is wrong" in await answer.text()
        ticket, proof = await proof_page(session, remove, form), "/me/second-factor/code"
        await forget_the_last_code(console)
        to_log_in = SecondFactor(KEY).ticket(name, now())
        of_another = SecondFactor(KEY).ticket(
            console.names[Role.VIEWER], now(), TicketUse.CHANGE_FACTORS, "remove authenticator:"
        )
        for given, answered in (
            ({"ticket": ticket, "code": "000000"}, "The code is wrong"),
            ({"ticket": to_log_in, "code": totp.now()}, "that took too long"),
            ({"ticket": of_another, "code": totp.now()}, "that took too long"),
            ({"ticket": "x", "code": totp.now()}, "that took too long"),
        ):
            async with session.post(proof, data=form | given) as answer:
                assert answered in await answer.text(), given
        assert (await console.site.people.accounts.by_name(name)).has_second_factor  # type: ignore[union-attr]
        right = form | {"ticket": ticket, "code": totp.now()}
        async with session.post(proof, data=right) as answer:
            assert "It is removed." in await answer.text()
        async with session.post(proof, data=right) as answer:
            assert "It is removed." not in await answer.text()
        async with session.get("/live", allow_redirects=False) as here:
            assert here.status == 200
        async with elsewhere.get("/live", allow_redirects=False) as there:
            assert there.status == 303
    given = {"name": name, "password": PASSWORDS[ROLE], "next": "/live"}
    for _ in range(2):  # whoever removed it cannot have had it said to them alone
        async with (
            ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session,
            session.post("/login", data=given) as answer,
        ):
            assert answer.url.path == "/live"
            page = await answer.text()
            assert "A second factor of your account was removed" in page
            assert "from 127.0.0.1" in page
    entries = await audit.read(console.site.records, who=name)
    (removed,) = (entry for entry in entries if entry.action == "authenticator removed")
    assert removed.detail["proof"] == "code"


async def test_the_last_one_stays_where_the_role_needs_it(console: Console) -> None:
    with_key(console, second_factor_roles=(ROLE,))
    async with browser(console, ROLE) as session:
        await enrolled(console, session)
        form = {"csrf": await token(session), "old": PASSWORDS[ROLE]}
        async with session.post("/me/second-factor/remove", data=form) as answer:
            assert "your role needs a second factor" in await answer.text()


async def test_another_one_is_set_up_with_the_one_that_is_there(console: Console) -> None:
    """With the password alone somebody could put theirs in its place, and then remove all."""
    with_key(console)
    async with browser(console, ROLE) as session:
        totp, _ = await enrolled(console, session)
        form, new = {"csrf": await token(session)}, "/me/second-factor/new"
        async with session.post(new, data=form) as answer:
            assert "<svg" not in await answer.text()
        form["ticket"] = await proof_page(session, new, form)
        await forget_the_last_code(console)
        for code, shown in (("000000", False), (totp.now(), True)):
            async with session.post("/me/second-factor/code", data=form | {"code": code}) as answer:
                assert ("<svg" in await answer.text()) is shown
        form = {"csrf": form["csrf"], "old": PASSWORDS[ROLE], "label": "a key"}
        headers = {"Host": console.url.replace("http://127.0.0.1", "localhost")}
        async with session.post("/me/passkeys/new", data=form, headers=headers) as answer:
            assert "prove that it is you" in await answer.text()


async def test_an_administrator_takes_away_what_is_lost_and_says_why(console: Console) -> None:
    with_key(console)
    async with browser(console, ROLE) as session:
        await enrolled(console, session)
    name, own = console.names[ROLE], console.names[Role.ADMINISTRATOR]
    path = f"/people/{name}/second-factor"
    async with browser(console, Role.ADMINISTRATOR) as session:
        async with session.get("/people") as answer:
            assert f'href="{path}"' in await answer.text()
        form = {"csrf": await token(session)}
        for there, given, answered in (
            (path, {"which": "", "reason": "  "}, "give the reason"),
            (path, {"which": "7", "reason": "lost <b>both</b>"}, "lost &lt;b&gt;both"),
            (f"/people/{own}/second-factor", {"reason": "mine"}, "your own you remove"),
        ):
            async with session.post(there, data=form | given) as answer:
                assert (answer.status, answered in await answer.text()) == (422, True), given
        given = {"which": "authenticator", "reason": "telephone lost"}
        async with session.post(path, data=form | given) as answer:
            assert "Done." in await answer.text()
        async with session.get(path) as answer:
            assert "telephone lost" in await answer.text()
        async with session.post(path, data=form | given | {"which": ""}) as answer:
            assert "there is no second factor" in await answer.text()
        async with session.get("/people/nobody/second-factor") as answer:
            assert answer.status == 404
    async with browser(console, ROLE) as session, session.get("/me") as answer:
        page = await answer.text()
        assert "A second factor of your account was removed" in page
        assert "telephone lost" in page
    (taken, *_) = await audit.read(console.site.records, who=own)
    assert (taken.action, taken.subject) == ("person: second factor taken away", name)
    assert taken.detail | {"what": "authenticator", "reason": "telephone lost"} == taken.detail


async def test_without_the_key_nobody_slips_in(console: Console) -> None:
    with_key(console)
    async with browser(console, ROLE) as session:
        await enrolled(console, session)
    console.site.people.second_factor = None
    async with ClientSession(console.url) as session:
        given = {"name": console.names[ROLE], "password": PASSWORDS[ROLE]}
        async with session.post("/login", data=given) as answer:
            assert answer.status == 503
            assert "its key is missing" in await answer.text()


async def test_a_code_is_good_once_and_for_a_minute_about() -> None:
    factor, at = SecondFactor(KEY), datetime(2026, 11, 30, 8, 0, 0, tzinfo=UTC)
    new = factor.enrol("chan")
    kept = factor.seed_for("chan", new.sealed)
    assert kept is not None
    assert factor.seed_for("lee", new.sealed) is None
    code = pyotp.TOTP(new.secret).at(at)
    step = factor.step_of(kept, code, at, None)
    assert step == int(at.timestamp()) // STEP_S
    assert factor.step_of(kept, code, at, step) is None
    assert factor.step_of(kept, code, at + timedelta(seconds=STEP_S), None) == step
    assert factor.step_of(kept, code, at + timedelta(seconds=3 * STEP_S), None) is None
    with pytest.raises(SecondFactorAway):
        SecondFactor(Fernet.generate_key().decode()).step_of(kept, code, at, None)


@pytest.mark.parametrize(
    "given", [{"second_factor_key": "short"}, {"second_factor_roles": ["administrator"]}]
)
async def test_a_setting_that_would_let_nobody_in_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ConsoleSettings.model_validate(given)
    assert ConsoleSettings.model_validate({"second_factor_key": KEY})
