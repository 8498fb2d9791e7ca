"""Malformed, mutated and too many messages, while other calls run: nobody dies, nobody is hurt."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.attack import Health, own_log_is_sound, send_tcp, send_udp
from tests.support.bystander import Bystander
from tests.support.corpus import corpus
from tests.support.legal_offers import legal_offer
from tests.support.mutations import mutated
from tests.support.pace import limit
from tests.support.service import Service
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

WORKERS, CARDS = 3, 2
LINES = WORKERS * CARDS * 4
GROWN_KB = WORKERS * (2048 + CARDS * 2048)
"""What the workers may have grown by: calls they had never had before need room, once."""
FIRST_CALLS = 1_500
KEPT_KB_A_CALL = 20
"""A worker keeps the transactions of a call for 32 s after its end (RFC 3261, timers H and J), so
that it grows until it has had calls at their pace for so long. The first come quicker than those
after them."""
GROWN_BYTES_A_CALL = 256
"""What all workers together may grow by with each call after the first, since memory is not filled
without holes. Measured over 8,500 calls: 31 bytes a call. When a worker remembered the port of each
call, that took 300."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("hostile"),
        {
            "pool": {"workers": WORKERS, "cards_per_worker": CARDS},
            "sip": {"requests_per_second_per_source": 100_000},
        },
    )
    service.start()
    yield service
    service.stop()


async def fill(service: Service) -> list[int]:
    """Have a call on every line for a second; how each was answered."""
    callers = [Peer(("127.0.0.1", service.sip_port), called="3902") for _ in range(LINES)]
    answers = [(await caller.invite())[0] for caller in callers]
    await asyncio.sleep(1)
    for caller, answer in zip(callers, answers, strict=True):
        if answer == 200:
            assert (await caller.ask("BYE"))[0] == 200
        caller.close()
    return answers


@pytest_asyncio.fixture(loop_scope="module")
async def before(service: Service) -> Health:
    """How it is after the first calls: a worker needs its room for them only once."""
    # What the attack before this one left half open ends by its own time-outs (RFC 3261: 32 s).
    await asyncio.to_thread(service.until_idle, 90)
    deadline = time.monotonic() + limit(60)
    while (answers := await fill(service)) != [200] * LINES:
        # The front counts by itself, and finds out at several looks that a call of theirs is over.
        assert time.monotonic() < deadline, answers
        await asyncio.to_thread(service.until_idle, 60)
    await asyncio.to_thread(service.until_idle, 60)
    return Health.of(service)


@pytest_asyncio.fixture(loop_scope="module")
async def bystanders(service: Service, before: Health) -> AsyncIterator[list[Bystander]]:
    calls = [await Bystander.call(("127.0.0.1", service.sip_port)) for _ in range(WORKERS)]
    yield calls
    for call in calls:
        print(f"longest gap in a bystander's sound: {call.longest_gap_s * 1000:.0f} ms")
        await call.leaves_unhurt()


async def serves_again(service: Service) -> None:
    """All that is left of the attack are the calls of others, and a new call is taken."""
    for _ in range(600):
        if service.lines_in_use() <= WORKERS:
            break
        await asyncio.sleep(0.1)
    assert service.lines_in_use() <= WORKERS, service.ready()
    caller = Peer(("127.0.0.1", service.sip_port), called="3902")
    assert (await caller.invite())[0] == 200
    assert (await caller.ask("BYE"))[0] == 200
    caller.close()


async def test_malformed_messages(
    service: Service, before: Health, bystanders: list[Bystander]
) -> None:
    """Every message of the corpus by UDP and by TCP."""
    by_udp = [message.data for message in corpus()]
    by_tcp = [message.data for message in corpus(transport="TCP")]
    assert len(by_udp) >= 300
    sent = await send_udp(service.sip_port, by_udp, a_second=300, host="127.0.0.1")
    sent += await send_tcp(service.sip_port, by_tcp, host="127.0.0.1")
    print(f"{sent} malformed messages sent")
    await serves_again(service)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB)


async def test_mutated_messages(
    service: Service,
    before: Health,
    bystanders: list[Bystander],
    pytestconfig: pytest.Config,
) -> None:
    """Thousands made bad at random, branches shared among them, from several addresses at once."""
    count = 50_000 if pytestconfig.getoption("--soak") else 6_000
    sent = await asyncio.gather(
        *(
            send_udp(
                service.sip_port,
                mutated(count * 9 // 30, seed),
                a_second=400,
                host=f"127.0.0.{seed}",
            )
            for seed in (1, 2, 3)
        ),
        send_tcp(service.sip_port, mutated(count // 10, 4, transport="TCP"), host="127.0.0.4"),
    )
    print(f"{sum(sent)} mutated messages sent")
    await serves_again(service)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB)


async def hears_the_greeting(service: Service, seed: int) -> str:
    """Place the call of this seed's offer; what was wrong with it, or nothing."""
    peer = Peer(("127.0.0.1", service.sip_port), called="3902")
    offer = legal_offer(seed, peer.host, peer.media.getsockname()[1])
    peer.send(offer.spelt(peer.message("INVITE", offer.body, offer.kind).decode()).encode())
    try:
        status, text = await peer.response(6.0)
        if status != 200:
            return f"{seed}: {status}"
        peer.take_answer(text)
        if offer.hears:
            await peer.hears_sound(6.0)
        status, _ = await peer.ask("BYE")
    except TimeoutError:
        return f"{seed}: nothing came"
    finally:
        peer.close()
    return "" if status == 200 else f"{seed}: BYE {status}"


async def hear_the_greeting(service: Service, seeds: range, a_second: float) -> None:
    """Place the calls of these seeds' offers, eight at a time; all of them must be answered.

    An address may call 60 times in a second (`sip.calls_per_second_per_source`).
    """
    at_once, turn = asyncio.Semaphore(8), asyncio.Lock()

    async def call(seed: int) -> str:
        async with at_once:
            async with turn:
                await asyncio.sleep(1 / a_second)
            return await hears_the_greeting(service, seed)

    wrong = [problem for problem in await asyncio.gather(*map(call, seeds)) if problem]
    print(f"{len(seeds) - len(wrong)} of {len(seeds)} legal offers were answered and heard")
    assert not wrong


async def test_legal_offers_of_every_form(
    service: Service,
    before: Health,
    bystanders: list[Bystander],
    pytestconfig: pytest.Config,
) -> None:
    """Drawn at random; what the front makes of more of them: `sip_config/test_legal_offers.py`."""
    soak = pytestconfig.getoption("--soak")
    first = FIRST_CALLS if soak else 60
    await hear_the_greeting(service, range(first), a_second=50)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB + KEPT_KB_A_CALL * first)
    if soak:
        settled, rest = Health.of(service), range(first, 10_000)
        await hear_the_greeting(service, rest, a_second=30)
        grown = Health.of(service).held_kb - settled.held_kb
        print(f"{grown} kB more memory in all workers after {len(rest)} more calls")
        Health.of(service).must_be_that_of(settled, grown_kb=GROWN_BYTES_A_CALL * len(rest) // 1024)
    await serves_again(service)


async def test_bursts_of_two_hundred_calls_a_second(
    service: Service, before: Health, bystanders: list[Bystander]
) -> None:
    """Three seconds of it from four addresses: whoever finds no line is told so."""
    answers: list[int] = []

    async def one_call(number: int) -> None:
        host = f"127.0.0.{number % 4 + 1}"
        caller = Peer(("127.0.0.1", service.sip_port), host=host, called="3902")
        await asyncio.sleep(number / 200)
        status, _ = await caller.invite()
        if status == 200:
            await caller.silence(0.5)
            assert (await caller.ask("BYE"))[0] == 200
        answers.append(status)
        caller.close()

    await asyncio.gather(*(one_call(number) for number in range(600)))
    assert set(answers) <= {200, 503}
    assert answers.count(200) >= LINES - len(bystanders)
    print(f"600 calls in 3 s: {answers.count(200)} taken, {answers.count(503)} told 503")
    await serves_again(service)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB)


async def test_callers_who_leave_at_every_moment(
    service: Service, before: Health, bystanders: list[Bystander]
) -> None:
    """No ACK, an early CANCEL, a BYE at once: the line is free again without anybody's help."""
    for kind in itertools.islice(itertools.cycle(("cancel", "no ACK", "bye", "silent")), 40):
        caller = Peer(("127.0.0.1", service.sip_port), called="3902")
        if kind == "cancel":
            caller.send(caller.message("INVITE", caller.offer()))
            await asyncio.sleep(0.01)
            caller.send(caller.message("CANCEL"))
        elif kind == "no ACK":
            await caller.invite(ack=False)
        else:
            status, _ = await caller.invite()
            if kind == "bye" and status == 200:
                await caller.ask("BYE")
        caller.close()
        await asyncio.sleep(0.2)
    await serves_again(service)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB)


async def test_a_flood_from_one_address_is_not_heard(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Beyond its share an address is left out for a while; others are served."""
    service = Service(
        tmp_path_factory.mktemp("flood"),
        {"pool": {"workers": 1}, "sip": {"requests_per_second_per_source": 50}},
    )
    await asyncio.to_thread(service.start)
    try:
        good = [
            message.data for message in corpus() if message.name == "OPTIONS: two messages"
        ] * 2000
        flood = asyncio.ensure_future(
            send_udp(service.sip_port, good, a_second=1000, host="127.0.0.9")
        )
        await asyncio.sleep(1.2)
        shut_out = Peer(("127.0.0.1", service.sip_port), host="127.0.0.9", called="3902")
        shut_out.send(shut_out.message("INVITE", shut_out.offer()))
        caller = Peer(("127.0.0.1", service.sip_port), host="127.0.0.8", called="3902")
        assert (await caller.invite())[0] == 200
        assert (await caller.ask("BYE"))[0] == 200
        caller.close()
        await flood
        with pytest.raises(BlockingIOError):  # nothing has come for it in all that time
            shut_out.sip.recv(65535)
        shut_out.close()
    finally:
        await asyncio.to_thread(service.stop)


async def test_nothing_was_forged_into_the_log(service: Service) -> None:
    """After all of the above."""
    own_log_is_sound(service)
