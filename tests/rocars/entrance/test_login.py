"""Log-in, lock-out and one-time codes over real HTTP, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import secrets

import pyotp
import pytest

from rocars.secrets.key_ring import Role
from tests.rocars.conftest import PIN

pytestmark = pytest.mark.service


async def fail(world, user_id="20000001", pin="000000", code="000000"):
    return await world.key_in(user_id, pin, code)


async def test_same_answer_whatever_was_wrong(world):
    await world.driver()
    token = world.tokens["20000001"]
    wrong_pin = await fail(world, code=token.at(0))
    wrong_code = await fail(world, pin=PIN, code=token.at(500))
    unknown = await fail(world, "99999999")
    odd = await fail(world, "not a user id", "", "")
    answers = [wrong_pin, wrong_code, unknown, odd]
    assert {reply.status for reply in answers} == {401}
    assert len({reply.raw for reply in answers}) == 1
    headers = [{k: v for k, v in reply.headers.items() if k != "Date"} for reply in answers]
    assert all(header == headers[0] for header in headers)
    assert (await world.key_in("20000001", PIN, token.at(0))).status == 200


async def test_five_failures_lock_known_and_unknown_alike(world):
    await world.driver()
    for user_id in ("20000001", "99999999"):
        assert [(await fail(world, user_id)).status for _ in range(6)] == [401] * 5 + [423]
    token = world.tokens["20000001"]
    right = await world.key_in("20000001", PIN, token.at(0))
    assert right.code == "login_locked"
    assert right.raw == (await fail(world, "99999999")).raw
    world.clock.forward(minutes=30)
    assert (await world.key_in("20000001", PIN, token.at(0))).status == 200


async def test_failures_are_forgotten_in_time_or_by_success(world):
    await world.driver()
    token = world.tokens["20000001"]
    for _ in range(4):
        await fail(world)
    assert (await world.key_in("20000001", PIN, token.at(0))).status == 200
    for _ in range(4):
        await fail(world)
    world.clock.forward(minutes=30)
    assert [(await fail(world)).status for _ in range(6)] == [401] * 5 + [423]


async def test_an_administrator_unlocks(world):
    await world.driver()
    for _ in range(5):
        await fail(world)
    path = "/v1/user-ids/20000001/unlock"
    assert (await world.ask("POST", path, role=Role.IVR)).code == "api_key_refused"
    assert (await world.ask("POST", path, role=Role.ADMIN)).status == 200
    token = world.tokens["20000001"]
    assert (await world.key_in("20000001", PIN, token.at(0))).status == 200


async def test_parallel_guesses_do_not_outrun_the_count(world):
    await world.driver()
    replies = await asyncio.gather(*(fail(world) for _ in range(20)))
    assert sorted(reply.status for reply in replies) == [401] * 5 + [423] * 15


async def test_no_code_twice_and_the_counter_moves_past_it(world):
    await world.driver()
    token = world.tokens["20000001"]
    assert (await world.key_in("20000001", PIN, token.at(3))).status == 200
    for used in (3, 2, 0):
        assert (await world.key_in("20000001", PIN, token.at(used))).status == 401
    assert (await world.key_in("20000001", PIN, token.at(4 + 6))).status == 401  # past the window
    assert (await world.key_in("20000001", PIN, token.at(4 + 5))).status == 200


async def test_one_code_on_three_lines_logs_in_once(world):
    await world.driver()
    code = world.tokens["20000001"].at(0)
    replies = await asyncio.gather(*(world.key_in("20000001", PIN, code) for _ in range(3)))
    assert sorted(reply.status for reply in replies) == [200, 401, 401]


@pytest.mark.parametrize("step_s", [30, 60])
async def test_totp_takes_one_step_either_side_and_remembers_drift(world, step_s):
    await world.driver()
    seed = secrets.token_bytes(20)
    reply = await world.ask(
        "PUT",
        "/v1/drivers/20000001/token",
        {"kind": "totp", "seed": seed.hex(), "step_s": step_s},
        role=Role.ADMIN,
    )
    assert reply.status == 200
    totp = pyotp.HOTP(base64.b32encode(seed).decode())

    async def key(drift):
        step = int(world.clock().timestamp()) // step_s + drift
        return (await world.key_in("20000001", PIN, totp.at(step))).status

    assert await key(-2) == 401
    assert await key(-1) == 200
    assert await key(-1) == 401  # once only
    world.clock.forward(seconds=4 * step_s)
    assert await key(-2) == 200  # the remembered drift of -1, and one step more
    world.clock.forward(seconds=4 * step_s)
    assert await key(2) == 401  # two steps from the true time, and more from the token's clock
    assert await key(-3) == 200
    world.clock.forward(seconds=4 * step_s)
    assert await key(0) == 200  # its clock was put right: no drift any more
    world.clock.forward(seconds=4 * step_s)
    assert await key(-3) == 401


@pytest.mark.parametrize(("kind", "first", "second"), [("totp", 15, 16), ("hotp", 60, 61)])
async def test_two_codes_in_a_row_bring_a_token_back(world, kind, first, second):
    await world.driver()
    seed = secrets.token_bytes(20)
    token = {"kind": kind, "seed": seed.hex()}
    path = "/v1/drivers/20000001/token"
    assert (await world.ask("PUT", path, token, role=Role.ADMIN)).status == 200
    codes = pyotp.HOTP(base64.b32encode(seed).decode())
    now = int(world.clock().timestamp()) // 30 if kind == "totp" else 0

    async def key(place, pin=PIN):
        return (await world.key_in("20000001", pin, codes.at(now + place))).status

    assert await key(first, pin="000000") == 401  # teaches nothing
    assert await key(second) == 401
    assert await key(first) == 401
    assert await key(second) == 200
    assert await key(second) == 401  # no code counts twice


async def test_a_clock_that_was_a_year_ahead_locks_nobody_out(world):
    """What it has written of tokens, locks and sessions is not believed once it is right again."""
    await world.driver()
    seed = secrets.token_bytes(20)
    token = {"kind": "totp", "seed": seed.hex()}
    path = "/v1/drivers/20000001/token"
    assert (await world.ask("PUT", path, token, role=Role.ADMIN)).status == 200
    totp = pyotp.TOTP(base64.b32encode(seed).decode())

    async def key():
        return await world.key_in("20000001", PIN, totp.at(world.clock()))

    world.clock.forward(days=365)
    ahead = await key()
    assert ahead.status == 200
    for _ in range(6):
        last = await fail(world, "99999999")
    assert last.status == 423
    world.clock.forward(days=-365)
    assert (await key()).status == 200
    assert (await key()).status == 401  # no code counts twice, after that either
    assert (await fail(world, "99999999")).status == 401
    session = ahead.body["session"]
    assert (await world.ask("GET", "/v1/bundles", session=session)).status == 401
    world.clock.forward(minutes=5)
    await world.running.service.sweep()
    assert (await key()).status == 200


async def test_session_lapses(world):
    await world.driver()
    session = await world.session()
    assert (await world.ask("GET", "/v1/bundles", session=session)).status == 200
    world.clock.forward(minutes=30)
    lapsed = await world.ask("GET", "/v1/bundles", session=session)
    never = await world.ask("GET", "/v1/bundles", session="x" * 40)
    assert lapsed.status == 401
    assert lapsed.code == "session_expired"
    assert lapsed.raw == never.raw


async def test_sweeping_removes_what_lapsed_and_only_that(world):
    await world.driver()
    old = await world.session()
    world.clock.forward(minutes=20)
    young = await world.session()
    for _ in range(5):
        await fail(world)
    world.clock.forward(minutes=10)
    await world.running.service.sweep()
    assert (await fail(world)).status == 423
    assert (await world.ask("GET", "/v1/bundles", session=young)).status == 200
    assert (await world.ask("GET", "/v1/bundles", session=old)).status == 401
