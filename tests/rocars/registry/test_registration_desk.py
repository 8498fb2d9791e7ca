"""From an application to a driver who logs in, on both databases; and all that may go otherwise."""

from __future__ import annotations

import asyncio
import base64
import secrets

import pyotp
import pytest
from sqlalchemy import inspect, text

from rocars.registry.deeds import NotPossible
from rocars.registry.packs import Packs
from rocars.secrets.key_ring import Role
from tests.rocars.conftest import PIN, KeyedToken, World
from tests.rocars.registry.conftest import Desk, application

pytestmark = pytest.mark.service


@pytest.fixture
def desk(world: World) -> Desk:
    """On either database."""
    return Desk(world)


@pytest.fixture
def small_desk(small_world: World) -> Desk:
    return Desk(small_world)


async def test_from_the_application_to_the_log_in_of_the_driver(desk: Desk) -> None:
    service = desk.service
    sent = await service.applications.send(application(), "k" * 32)
    assert await service.applications.send(application(), "k" * 32) == sent, "sent twice is once"
    (seen,) = await service.applications.queue()
    await service.applications.ask("hoi", seen.id, seen.version, "Whose is FU88?")
    asked = await service.applications.of_applicant(sent.reference.lower(), sent.code)
    assert asked is not None
    assert (asked.state, asked.answer) == ("asked", "Whose is FU88?")
    with pytest.raises(NotPossible, match="changed meanwhile"):
        await service.approval.approve("hoi", seen.id, seen.version, "soft")
    await service.applications.correct(asked, application(trucker1_vehicles="AB1234"))
    (seen,) = await service.applications.queue(counter="KWT")
    shipper, driver = await service.approval.approve("hoi", seen.id, seen.version, "soft")

    printed = await desk.printed(driver)
    assert await desk.log_in(driver, printed.pin, printed.seed) == 401, "not handed over yet"
    await service.packs.hand_over("mak", printed.view.id)
    assert await desk.log_in(driver, printed.pin, printed.seed) == 200
    record = await desk.world.ask("GET", f"/v1/drivers/{driver}", role=Role.ADMIN)
    assert record.body["vehicles"] == ["AB1234"]
    assert (await desk.printed(shipper)).pin == ""

    done = [(deed.who, deed.deed) for deed in reversed(await service.registration_log.deeds())]
    assert done == [
        ("applicant", "sent"),
        ("hoi", "asked"),
        ("applicant", "corrected"),
        ("hoi", "approved"),
        ("hoi", "pack_printed"),
        ("mak", "pack_handed_over"),
        ("hoi", "pack_printed"),
    ]


async def test_no_secret_is_kept_in_clear(desk: Desk) -> None:
    sent = await desk.service.applications.send(application(name="Other"), "z" * 32)
    shipper, driver = await desk.approved()
    given = [
        await desk.printed(driver),
        await desk.handed_over(driver),
        await desk.printed(shipper),
    ]
    devices = await desk.service.tokens.order_devices("hoi", 3)
    async with desk.service.database.reading() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
        kept = ""
        for table in tables:
            kept += str((await session.execute(text(f'SELECT * FROM "{table}"'))).all())
    words = {sent.code, *(device.seed for device in devices)}
    for printed in given:
        words |= {printed.password, printed.pin, printed.seed.hex()} - {""}
        words |= {base64.b32encode(printed.seed).decode()} - {""}
    assert driver in kept, "this looks at what there is"
    assert [word for word in words if word in kept] == []
    assert not any(word in repr(given) for word in words)


async def test_a_sheet_that_is_printed_again_replaces_the_one_before(desk: Desk) -> None:
    _, driver = await desk.approved()
    lost = await desk.printed(driver)
    found = await desk.handed_over(driver)
    assert await desk.log_in(driver, lost.pin, found.seed) == 401
    assert await desk.log_in(driver, found.pin, lost.seed) == 401
    assert await desk.log_in(driver, found.pin, found.seed) == 200
    with pytest.raises(NotPossible):
        await desk.service.packs.print_out("hoi", found.view.id)
    with pytest.raises(NotPossible):
        await desk.service.packs.hand_over("mak", found.view.id)


async def test_who_approves_or_orders_leaves_handing_over_to_another(desk: Desk) -> None:
    _, driver = await desk.approved()
    printed = await desk.printed(driver)
    packs = desk.service.packs
    assert not packs.may_hand_over("hoi", printed.view)
    assert packs.may_hand_over("mak", printed.view)
    with pytest.raises(NotPossible, match="ask another"):
        await packs.hand_over("hoi", printed.view.id)
    assert await desk.log_in(driver, printed.pin, printed.seed) == 401
    await packs.hand_over("mak", printed.view.id)
    assert await desk.log_in(driver, printed.pin, printed.seed) == 200
    await packs.replace_secrets("mak", driver, "GPO", "en", "lost")
    again = await desk.printed(driver)
    with pytest.raises(NotPossible, match="ask another"):
        await packs.hand_over("mak", again.view.id)
    done = [(deed.who, deed.deed) for deed in await desk.service.registration_log.deeds(driver)]
    assert done == [
        ("mak", "four_eyes_refused"),
        ("hoi", "pack_printed"),
        ("mak", "secrets_replaced"),
        ("mak", "pack_handed_over"),
        ("hoi", "four_eyes_refused"),
        ("hoi", "pack_printed"),
    ]


async def test_a_counter_with_one_officer_sets_two_eyes(small_desk: Desk) -> None:
    service = small_desk.service
    settings = service.settings.registration.model_copy(update={"four_eyes": False})
    packs = Packs(
        service.database, service.clock, settings, service.keys, service.pins, service.tokens
    )
    shipper, _ = await small_desk.approved()
    printed = await small_desk.printed(shipper)
    assert packs.may_hand_over("hoi", printed.view)
    handed = await packs.hand_over("hoi", printed.view.id)
    assert handed is not None
    assert handed.state == "active"


async def test_two_officers_hand_one_pack_over_once(desk: Desk) -> None:
    shipper, _ = await desk.approved()
    printed = await desk.printed(shipper)
    both = await asyncio.gather(
        *(desk.service.packs.hand_over(name, printed.view.id) for name in ("mak", "yuen")),
        return_exceptions=True,
    )
    assert sorted(isinstance(found, NotPossible) for found in both) == [False, True]


async def test_a_lost_password_closes_all_and_needs_a_new_pack(desk: Desk) -> None:
    _, driver = await desk.approved()
    old = await desk.handed_over(driver)
    desk.world.clock.forward(seconds=31)
    session = await desk.world.key_in(driver, old.pin, desk.code(old.seed))
    await desk.service.packs.replace_secrets("hoi", driver, "TST", "en", "lost in Sha Tin")
    listed = await desk.world.ask("GET", "/v1/bundles", session=session.body["session"])
    assert listed.status == 401, "whoever was logged in is out"
    assert await desk.log_in(driver, old.pin, old.seed) == 401
    new = await desk.handed_over(driver)
    assert (new.seed, new.view.counter) == (b"", "TST")
    assert await desk.log_in(driver, new.pin, old.seed) == 200, "the token goes on"


async def test_a_driver_of_before_gets_a_pack_too(desk: Desk) -> None:
    await desk.world.driver("20000001")
    await desk.service.packs.replace_secrets("hoi", "20000001", "GPO", "en", "forgotten")
    token = desk.world.tokens["20000001"]
    assert (await desk.world.key_in("20000001", PIN, token.next())).status == 401
    new = await desk.handed_over("20000001")
    assert (await desk.world.key_in("20000001", new.pin, token.next())).status == 200


async def test_a_token_is_revoked_and_replaced(desk: Desk) -> None:
    _, driver = await desk.approved()
    old = await desk.handed_over(driver)
    await desk.service.tokens.revoke("hoi", driver, "stolen")
    assert await desk.log_in(driver, old.pin, old.seed) == 401
    with pytest.raises(NotPossible, match="revoked already"):
        await desk.service.tokens.revoke("hoi", driver, "stolen")
    await desk.service.packs.replace_token("hoi", driver, "GPO", "en", "soft", "stolen")
    new = await desk.handed_over(driver)
    assert (new.password, new.pin) == ("", "")
    assert await desk.log_in(driver, old.pin, old.seed) == 401
    assert await desk.log_in(driver, old.pin, new.seed) == 200


async def test_a_token_expires_and_is_told_of_before(desk: Desk) -> None:
    _, driver = await desk.approved()
    given = await desk.handed_over(driver)
    assert await desk.service.tokens.expiring() == []
    desk.world.clock.forward(days=1066)
    (soon,) = await desk.service.tokens.expiring()
    assert (soon.user_id, soon.serial) == (driver, given.serial)
    assert await desk.log_in(driver, given.pin, given.seed) == 200
    desk.world.clock.forward(days=30)
    assert await desk.log_in(driver, given.pin, given.seed) == 401


async def test_a_device_of_a_token_maker_is_given_once(desk: Desk) -> None:
    device, _ = await desk.service.tokens.order_devices("hoi", 2)
    _, driver = await desk.approved("device")
    printed = await desk.printed(driver)
    for serial in ("", "D0", "D" * 30):
        with pytest.raises(NotPossible, match="in stock"):
            await desk.service.packs.hand_over("mak", printed.view.id, serial)
    await desk.service.packs.hand_over("mak", printed.view.id, device.serial.lower())
    token = KeyedToken(bytes.fromhex(device.seed))
    assert (await desk.world.key_in(driver, printed.pin, token.next())).status == 200
    assert await desk.service.tokens.in_stock() == 1
    await desk.service.packs.replace_token("hoi", driver, "GPO", "en", "device", "a second one")
    with pytest.raises(NotPossible, match="in stock"):
        await desk.handed_over(driver, device.serial)


async def test_two_codes_in_a_row_bring_a_token_back(desk: Desk) -> None:
    device, _ = await desk.service.tokens.order_devices("hoi", 2)
    _, driver = await desk.approved("device")
    pin = (await desk.handed_over(driver, device.serial)).pin
    token = KeyedToken(bytes.fromhex(device.seed), counter=60)
    with pytest.raises(NotPossible, match="two codes"):
        await desk.service.tokens.resynchronise("hoi", driver, token.at(60), token.at(62))
    await desk.service.tokens.resynchronise("hoi", driver, token.next(), token.next())
    assert (await desk.world.key_in(driver, pin, token.at(61))).status == 401, "no code twice"
    assert (await desk.world.key_in(driver, pin, token.next())).status == 200


async def test_the_clock_of_a_soft_token_that_is_minutes_off_is_learnt(desk: Desk) -> None:
    _, driver = await desk.approved()
    given = await desk.handed_over(driver)
    late = pyotp.TOTP(base64.b32encode(given.seed).decode())
    now = desk.world.clock()
    codes = [late.at(now, counter_offset=offset) for offset in (-9, -8)]
    await desk.service.tokens.resynchronise("hoi", driver, *codes)
    desk.world.clock.forward(seconds=31)
    shown = late.at(desk.world.clock(), counter_offset=-8)
    assert (await desk.world.key_in(driver, given.pin, shown)).status == 200


async def test_what_is_not_collected_is_void(desk: Desk) -> None:
    shipper, driver = await desk.approved()
    printed = await desk.printed(driver)
    desk.world.clock.forward(days=61)
    with pytest.raises(NotPossible, match="not void"):
        await desk.service.packs.hand_over("mak", printed.view.id)
    await desk.service.packs.sweep()
    assert await desk.service.packs.waiting() == []
    (pack,) = await desk.service.packs.of_account(shipper)
    assert pack.state == "void"
    await desk.service.packs.replace_secrets("hoi", shipper, "GPO", "en", "came late")
    assert len(await desk.service.packs.waiting()) == 1


async def test_the_first_pack_is_not_replaced_by_a_part_of_it(small_desk: Desk) -> None:
    _, driver = await small_desk.approved()
    packs = small_desk.service.packs
    for doing in (
        packs.replace_token("hoi", driver, "GPO", "en", "soft", "why"),
        packs.replace_secrets("hoi", driver, "GPO", "en", "why"),
    ):
        with pytest.raises(NotPossible, match="still to be handed over"):
            await doing


async def test_what_is_decided_stays_decided(small_desk: Desk) -> None:
    service = small_desk.service
    sent = await service.applications.send(application(), secrets.token_hex(16))
    (seen,) = await service.applications.queue()
    with pytest.raises(NotPossible, match="reason is needed"):
        await service.applications.refuse("hoi", seen.id, seen.version, " ")
    await service.applications.refuse("hoi", seen.id, seen.version, "No such company.")
    for doing in (
        service.applications.ask("hoi", seen.id, seen.version, "more"),
        service.approval.approve("hoi", seen.id, seen.version, "soft"),
        service.applications.withdraw(seen),
        service.applications.correct(seen, application()),
    ):
        with pytest.raises(NotPossible, match="decided already"):
            await doing
    refused = await service.applications.of_applicant(sent.reference, sent.code)
    assert refused is not None
    assert (refused.state, refused.answer) == ("refused", "No such company.")
    small_desk.world.clock.forward(days=181)
    await service.applications.sweep()
    assert await service.applications.of_applicant(sent.reference, sent.code) is None


async def test_a_registration_number_is_registered_once(desk: Desk) -> None:
    await desk.approved()
    with pytest.raises(NotPossible, match="registered already"):
        await desk.approved()
    (left,) = await desk.service.applications.queue()
    assert left.state == "waiting", "nothing of it was done"
    first, *_ = await desk.approved(kind="individual")
    second, *_ = await desk.approved(kind="individual")
    numbers = [await desk.service.registrants.registrant(user_id) for user_id in (first, second)]
    assert all(found is not None and found.company_number.startswith("IND-") for found in numbers)


async def test_a_registrant_on_record_names_other_persons_and_more_truckers(desk: Desk) -> None:
    await desk.approved(signatory2="Yip Lai")
    changes = {"name": "Umbrellas Anew", "signatory1": "Ng Wai", "client1_number": "1234-9"}
    await desk.service.applications.send(application(**changes), "m" * 32)
    (seen,) = await desk.service.applications.queue()
    (driver,) = await desk.service.approval.approve(
        "hoi", seen.id, seen.version, "soft", on_record=True
    )
    found = await desk.service.registrants.registrant(driver)
    assert found is not None
    assert (found.company, found.signatories) == ("Umbrellas Anew", ("Ng Wai",))
    assert len(await desk.service.registrants.search("12345678")) == 3
    agencies = await desk.service.agencies.of_company(found.company_id, "12345678")
    assert [agency.client_number for agency in agencies] == ["87654321", "1234-9"]
    await desk.service.applications.send(application(registration_number="new"), "n" * 32)
    (seen,) = await desk.service.applications.queue()
    with pytest.raises(NotPossible, match="No registrant"):
        await desk.service.approval.approve("hoi", seen.id, seen.version, "soft", on_record=True)


async def test_registrants_are_found(desk: Desk) -> None:
    shipper, driver = await desk.approved()
    await desk.world.driver("20000001")
    search = desk.service.registrants.search
    assert {found.user_id for found in await search("觀塘雨傘")} == {shipper, driver}
    assert [found.name for found in await search("陳大")] == ["Chan Tai Man 陳大文"]
    assert {found.user_id for found in await search("12345678")} == {shipper, driver}
    assert [found.user_id for found in await search("20000001")] == ["20000001"]
    assert await search("%") == []
    found = await desk.service.registrants.registrant(driver)
    assert found is not None
    assert found.vehicles == ("AB1234", "FU88")
    assert await desk.service.registrants.registrant("nobody") is None
