"""Applying at the portal, looking again, answering an officer: over HTTP, without a browser."""

from __future__ import annotations

import pytest

from tests.rocars.counter.conftest import Office
from tests.rocars.registry.conftest import COMPANY

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]


async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    browser = office.visitor()
    await browser.go("/register")
    form = COMPANY | {"trucker1_vehicles": "QQ 1", "phone": "", "key": browser.key}
    before = len(await office.desk.service.applications.queue())
    seen = await browser.send("/register", form)
    assert seen.status == 422
    assert 'href="#trucker1_vehicles">Trucker 1: Hong Kong registration marks' in seen.text
    assert 'value="QQ 1"' in seen.text
    assert "Kwun Tong Umbrellas 觀塘雨傘" in seen.text
    assert len(await office.desk.service.applications.queue()) == before


async def test_more_rows_are_had_without_scripts(office: Office) -> None:
    browser = office.visitor()
    seen = await browser.go("/register")
    assert ("trucker2_name" in seen.text, "trucker3_name" in seen.text) == (True, False)
    form = COMPANY | {"more": "trucker", "rows_trucker": "2", "rows_client": "2"}
    seen = await browser.send("/register", form)
    assert ("trucker5_name" in seen.text, "client3_name" in seen.text) == (True, False)
    assert "Kwun Tong Umbrellas" in seen.text
    form = {"more": "client", "rows_client": "999", "trucker20_name": "the last"}
    seen = await browser.send("/register", form)
    assert ("client20_name" in seen.text, "client21_name" in seen.text) == (True, False)
    assert 'value="the last"' in seen.text


async def test_sent_twice_is_one_application(office: Office) -> None:
    browser = office.visitor()
    await browser.go("/register")
    form = COMPANY | {"registration_number": "twice", "key": browser.key}
    first, second = [await browser.send("/register", form) for _ in range(2)]
    assert first.text == second.text
    queue = await office.desk.service.applications.queue()
    assert sum(seen.data.registration_number == "twice" for seen in queue) == 1
    await browser.send("/register", form | {"phone": "+85227000000"})
    queue = await office.desk.service.applications.queue()
    (seen,) = [seen for seen in queue if seen.data.registration_number == "twice"]
    assert (seen.data.phone, seen.version) == ("+85227000000", 2), "gone back to, and corrected"
    weak = await browser.send("/register", form | {"key": "1"})
    assert weak.status == 409


async def test_an_applicant_answers_an_officer_and_withdraws(office: Office) -> None:
    reference, code = await office.applied()
    registrar = await office.officer()
    number = await office.number_of(reference)
    await registrar.go(f"/applications/{number}")
    seen = await registrar.send(f"/applications/{number}/ask", {"reason": "Whose?", "version": "1"})
    assert "The applicant is asked." in seen.text

    browser = office.visitor()
    knows = {"reference": reference.lower(), "code": f" {code[:6]} {code[6:]} "}
    seen = await browser.send("/register/again", knows)
    assert "an officer asks for more" in seen.text
    assert "Whose?" in seen.text
    seen = await browser.send("/register/correct", knows)
    assert 'value="AB1234, FU88"' in seen.text
    assert "Whose?" in seen.text
    wrong = await browser.send("/register/correct", COMPANY | knows | {"name": ""})
    assert (wrong.status, "Nothing was sent" in wrong.text) == (422, True)
    seen = await browser.send("/register/correct", COMPANY | knows | {"name": "Another name"})
    assert (seen.status, "Another name" in seen.text) == (200, True)
    assert "waits for an officer" in seen.text
    stale = await registrar.send(f"/applications/{number}/approve", {"version": "2"})
    assert "was changed meanwhile" in stale.text
    seen = await browser.send("/register/withdraw", knows)
    assert "withdrawn" in seen.text
    late = await browser.send("/register/correct", COMPANY | knows)
    assert late.status == 409
    decided = await registrar.send(f"/applications/{number}/approve", {"version": "3"})
    assert "decided already" in decided.text


async def test_guessing_codes_locks_the_guesser(office: Office) -> None:
    reference, _ = await office.applied()
    browser = office.visitor()
    statuses = [
        (await browser.send("/register/again", {"reference": reference, "code": str(n)})).status
        for n in range(6)
    ]
    assert statuses == [403] * 5 + [429]
    assert (await browser.send("/register/correct", {"reference": reference})).status == 429
    unknown = await browser.send("/register/again", {"reference": "NOBODYS", "code": "x"})
    assert unknown.status == 403, "an unknown reference looks as a wrong code does"


async def test_forms_of_other_sites_are_refused(office: Office) -> None:
    browser = office.visitor()
    for path in ("", "/again", "/correct", "/withdraw"):
        foreign = {"Sec-Fetch-Site": "cross-site"}
        seen = await browser.send(f"/register{path}", COMPANY, headers=foreign)
        assert seen.status == 403, path


async def test_a_client_takes_its_consent_back(office: Office) -> None:
    """Only the client itself, whose registration number it is."""
    client, agent = [
        (await office.desk.approved(registration_number=number, client1_number=of))[0]
        for number, of in (("CLIENT-1", "SOMEBODY"), ("AGENT-1", "CLIENT-1"))
    ]
    browsers = []
    for user_id in (client, agent):
        given = await office.desk.handed_over(user_id)
        browsers.append(browser := office.visitor())
        await browser.send("/login", {"user_id": user_id, "password": given.password})
        seen = await browser.go("/me")
        changed = {"old": given.password, "password": "umbrellas over the hill"}
        await browser.send("/me/password", changed)
        await browser.send("/login", {"user_id": user_id, "password": changed["password"]})
    of_client, of_agent = browsers
    agencies = await office.desk.service.agencies.of_company(0, "CLIENT-1")
    path = f"/agents/{agencies[0].id}/end"
    seen = await of_client.go("/agents")
    assert path in seen.text
    assert path not in (await of_agent.go("/agents")).text
    assert (await of_agent.send(path)).status == 404
    assert "Your consent is taken back." in (await of_client.send(path)).text
    assert (await of_client.send(path)).status == 404
    assert "Taken back on" in (await of_agent.go("/agents")).text
