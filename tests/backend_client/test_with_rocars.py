"""The client against a real ROCARS."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from backend_client.client import RocarsClient
from backend_client.errors import (
    AlreadyBundled,
    Annulled,
    BackEndUnavailable,
    BadVehicle,
    BundleNotLive,
    CargoCrossed,
    CargoExpired,
    LoginLocked,
    LoginRefused,
    MainlandPlate,
    MixedDirections,
    SessionExpired,
    TooManyCcrns,
    UnknownBundle,
    UnknownCcrn,
    UnknownDriver,
)
from backend_client.office import RocarsOffice, Shipment
from backend_client.protocol import Rocars
from backend_client.transport import ProblemAnswered
from backend_client.types import BundleState, Caller, CargoState, Credentials, Driver, RehearsedStep
from rocars.secrets.key_ring import Role
from tests.backend_client.conftest import PATIENT, client_settings

pytestmark = pytest.mark.service


async def logged_in(client: Rocars, demonstration: RocarsOffice, place: int = 0) -> Driver:
    person = (await demonstration.demo()).drivers[place]
    return await client.log_in(Credentials(person.user_id, person.pin, person.code))


async def test_from_login_to_unbundling(client: Rocars, demonstration):
    driver = await logged_in(client, demonstration)
    assert driver.vehicles == ("AB1234", "FU88")
    assert driver.language == "yue"
    assert driver.session not in repr(driver)
    ccrns = (await demonstration.demo()).free_ccrns(immediately=True)[:2]
    assert (await client.look_up(driver, ccrns[0])).state is CargoState.FREE
    receipt = await client.bundle(driver, ccrns, "AB1234", idempotency_key="one")
    assert receipt.ccrns == ccrns
    assert receipt.crossing.immediately
    assert receipt.crossing.at == receipt.bundled_at
    assert receipt.bundled_at.utcoffset() == timedelta(hours=8)
    assert await client.bundle(driver, ccrns, "AB1234", idempotency_key="one") == receipt
    assert (await client.look_up(driver, ccrns[0])).state is CargoState.BUNDLED
    assert await client.status(receipt.ubr, "AB1234") == receipt
    assert await client.bundles(driver) == (receipt,)
    undone = await client.unbundle(driver, receipt.ubr, idempotency_key="two")
    assert undone.state is BundleState.UNBUNDLED
    with pytest.raises(BundleNotLive):
        await client.unbundle(driver, receipt.ubr, idempotency_key="three")


async def test_a_rehearsal_is_told_and_former_ones_are_answered(client, rocars):
    await client.rehearsed("10000001", {RehearsedStep.BUNDLE})
    steps = await client.rehearsed("10000001", {RehearsedStep.LOG_IN})
    assert steps == {RehearsedStep.BUNDLE, RehearsedStep.LOG_IN}
    assert await client.rehearsed("99999999", {RehearsedStep.LOG_IN}) == set()
    (trainee,) = await rocars.service.rehearsals.trainees()
    assert (trainee.user_id, set(trainee.progress.done)) == ("10000001", {"log_in", "bundle"})


async def test_thirty_minutes_for_cargo_just_lodged(client, demonstration):
    driver = await logged_in(client, demonstration)
    ccrns = (await demonstration.demo()).free_ccrns(immediately=False)[:1]
    receipt = await client.bundle(driver, ccrns, "FU88", idempotency_key="k")
    assert not receipt.crossing.immediately
    wait = receipt.crossing.at - receipt.bundled_at
    assert timedelta(minutes=30) <= wait < timedelta(minutes=31)


async def test_every_refusal_has_its_error(client, office, demonstration):
    driver = await logged_in(client, demonstration)
    demo = await demonstration.demo()
    free = demo.free_ccrns(immediately=True)[0]
    inbound = demo.free_ccrns(immediately=True, direction="inbound")[0]
    by_state = {consignment.state: consignment.ccrn for consignment in demo.cargo}

    async def refused(error, ccrns, vehicle="AB1234"):
        with pytest.raises(error) as caught:
            await client.bundle(driver, ccrns, vehicle, idempotency_key="refused")
        assert type(caught.value) is error
        return caught.value.subject

    assert await refused(UnknownCcrn, ["1234567890123"]) == "1234567890123"
    taken = by_state[CargoState.BUNDLED]
    assert await refused(AlreadyBundled, [free, taken]) == taken
    expired = by_state[CargoState.EXPIRED]
    assert await refused(CargoExpired, [expired]) == expired
    assert await refused(MixedDirections, [free, inbound]) == inbound
    assert await refused(TooManyCcrns, [str(10**12 + n) for n in range(21)])
    assert await refused(BadVehicle, [free], "IO12") == "IO12"
    assert await refused(MainlandPlate, [free], "粤Z1234港")
    receipt = await client.bundle(driver, [free], "AB1234", idempotency_key="accepted")
    assert (await office.record_crossing(receipt.ubr, "LMC")).state is BundleState.CROSSED
    assert await refused(CargoCrossed, [free]) == free
    assert (await client.look_up(driver, free)).state is CargoState.CROSSED
    for ccrn in ("1234567890123", "", "..", "a/b", "1?2", "粤"):
        with pytest.raises(UnknownCcrn):
            await client.look_up(driver, ccrn)
    for ubr in (receipt.ubr, "12", "../x"):
        with pytest.raises(UnknownBundle):
            await client.status(ubr, "FU88")
    with pytest.raises(UnknownBundle):
        await client.unbundle(driver, "1234567890", idempotency_key="u")


async def test_wrong_log_in_and_lock_out_across_connections(rocars, client, office, demonstration):
    person = (await demonstration.demo()).drivers[0]
    for _ in range(5):
        key = rocars.keys.api_keys[Role.IVR]
        async with RocarsClient(client_settings(rocars.base_url, key, **PATIENT)) as other_line:
            with pytest.raises(LoginRefused):
                await other_line.log_in(Credentials(person.user_id, person.pin, "000000"))
    right = Credentials(person.user_id, person.pin, person.code)
    with pytest.raises(LoginLocked):
        await client.log_in(right)
    await office.unlock(person.user_id)
    assert (await client.log_in(right)).user_id == person.user_id


async def test_session_unknown_to_rocars_has_expired(client):
    nobody = Driver("10000001", "no-such-session", ())
    with pytest.raises(SessionExpired):
        await client.look_up(nobody, "1234567890123")
    with pytest.raises(SessionExpired):
        await client.bundle(nobody, ["1234567890123"], "AB1234", idempotency_key="k")


async def test_keyed_marks(client, demonstration):
    driver = await logged_in(client, demonstration)
    assert await client.match_vehicles(driver, "221234") == ("AB1234",)
    assert await client.match_vehicles(driver, "382468") == ("FV2468",)
    assert await client.match_vehicles(driver, "99999") == ()
    assert await client.match_vehicles(driver, "2&x=1") == ()


async def test_a_wrong_api_key_is_a_back_end_that_is_away(rocars):
    settings = client_settings(rocars.base_url, "not the key of this channel")
    async with RocarsClient(settings) as client:
        with pytest.raises(BackEndUnavailable, match="api_key_unknown") as caught:
            await client.log_in(Credentials("10000001", "246810", "000000"))
    assert not caught.value.uncertain


async def test_office_registers_lodges_and_is_refused(client, office, demonstration):
    await office.add_company("BR-7", "T Ltd", "Wong", ("Lee",))
    with pytest.raises(ProblemAnswered, match="already_registered"):
        await office.add_company("BR-7", "T Ltd", "Wong")
    await office.add_driver(
        "30000001", company="BR-7", name="Ng", pin="123456", seed=b"7" * 20, vehicles=("W1",)
    )
    await office.add_vehicle("30000001", "ab 99")
    day = (await client.bundles(await logged_in(client, demonstration, 1)))[0].bundled_at.date()
    shipment = Shipment(
        "BR-7", "inbound", 3, "Crates", "Tea", "A", "B", "C", "D", day, ("MSKU1234565",)
    )
    ccrn = await office.lodge(shipment)
    await office.amend(ccrn, shipment)
    driver = await logged_in(client, demonstration)
    assert (await client.look_up(driver, ccrn)).state is CargoState.FREE


async def test_observer_hears_of_every_request(rocars, demonstration):
    reported = []
    settings = client_settings(rocars.base_url, rocars.keys.api_keys[Role.IVR], read_timeout_s=5)
    async with RocarsClient(settings, lambda *report: reported.append(report)) as client:
        driver = await logged_in(client, demonstration)
        with pytest.raises(UnknownCcrn):
            await client.look_up(driver, "1234567890123")
    assert [(operation, outcome) for operation, outcome, _ in reported] == [
        ("log_in", "ok"),
        ("look_up", "unknown_ccrn"),
    ]
    assert all(0 < seconds < 5 for *_, seconds in reported)


async def test_many_lines_one_ccrn(client, demonstration):
    driver = await logged_in(client, demonstration)
    ccrn = (await demonstration.demo()).free_ccrns(immediately=True)[0]
    results = await asyncio.gather(
        *(client.bundle(driver, [ccrn], "AB1234", idempotency_key=f"k{n}") for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, AlreadyBundled) for result in results) == 19


async def test_a_lost_answer_is_settled(client: Rocars, demonstration):
    driver = await logged_in(client, demonstration)
    (ccrn,) = (await demonstration.demo()).free_ccrns(immediately=True)[:1]
    receipt = await client.bundle(driver, [ccrn], "AB1234", idempotency_key="a-key/1")
    assert await client.settle(driver.user_id, "a-key/1") == receipt
    assert await client.settle(driver.user_id, "never") is None
    with pytest.raises(Annulled):
        await client.bundle(driver, [ccrn], "AB1234", idempotency_key="never")
    with pytest.raises(UnknownDriver):
        await client.settle("99999999", "never")


async def test_a_caller_is_recognised_by_their_number(client: Rocars, demonstration):
    caller = await client.recognise("+85290100001")
    assert caller.alias is not None
    assert (caller.alias[-3:], caller.language) == ("001", "yue")
    person = (await demonstration.demo()).drivers[0]
    driver = await client.log_in(Credentials(caller.alias, person.pin, person.code))
    assert driver.user_id == "10000001"
    assert await client.recognise("+85290000009") == Caller()


async def test_a_status_by_keys(client: Rocars, demonstration):
    driver = await logged_in(client, demonstration)
    (ccrn,) = (await demonstration.demo()).free_ccrns(immediately=True)[:1]
    receipt = await client.bundle(driver, [ccrn], "FU88", idempotency_key="k")
    assert await client.status(receipt.ubr, "3888") == receipt
    with pytest.raises(UnknownBundle):
        await client.status(receipt.ubr, "3889")
