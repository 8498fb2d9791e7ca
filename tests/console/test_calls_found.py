"""What of a call who may see, and that looking is written down."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import update

from ivr.console.pages.calls import filter_of
from ivr.records import audit
from ivr.records.models import Call
from ivr.records.outcome import CallOutcome
from ivr.records.roles import Role
from tests.console.conftest import Console
from tests.console.test_door import browser
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.REVIEWER])
@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("4567", "4567"),
        ("+85291234567", "+85291234567"),
        ("9123 4567", "+85291234567"),
        ("00852 9123-4567", "+85291234567"),
        *((part, None) for part in ("34567", "234567", "1234567", "567", "+4567", "1", "abc", "%")),
    ],
)
async def test_a_number_is_looked_for_whole_or_by_its_last_four(
    role: Role, given: str, wanted: str | None
) -> None:
    found, problems = filter_of({"caller": given}, role, "HK")
    assert (found.caller, problems) == (wanted or "", [] if wanted else ["caller"])


async def test_nobody_below_administrator_finds_a_number_out_digit_by_digit(
    console: Console,
) -> None:
    await past_call(console.book, caller="+85291234567")
    for role, status in ((Role.OPERATOR, 400), (Role.ADMINISTRATOR, 200)):
        async with browser(console, role) as session:
            async with session.get("/calls", params={"caller": "34567"}) as answer:
                assert answer.status == status
                assert ("/calls/" in (await answer.text()).partition("<tbody>")[2]) is (
                    status == 200
                )
            async with session.get("/calls.csv", params={"caller": "34567"}) as answer:
                assert answer.status == status


async def test_searches_for_somebody_and_every_look_are_written_down(console: Console) -> None:
    call_id = await past_call(console.book, ccrn="1234567890123")
    looked_for = {
        "caller": "4567",
        "driver": "12345678",
        "ubr": "9567890123",
        "ccrn": "1234567890123",
        "vehicle": "AB1234",
    }
    async with browser(console, Role.VIEWER) as session:
        for name, value in looked_for.items():
            async with session.get("/calls", params={name: value, "from": "2026-01-01"}) as page:
                assert page.status == 200
        async with session.get("/calls", params={"outcome": "completed"}) as page:
            assert page.status == 200
        async with session.get(f"/calls/{call_id}") as page:
            assert page.status == 200
    entries = await audit.read(console.site.records, who=console.names[Role.VIEWER])
    deeds = [(entry.action, entry.subject, entry.detail) for entry in reversed(entries)][1:]
    here = {"address": "127.0.0.1"}
    assert deeds == [
        *(("calls searched", "calls", {name: value} | here) for name, value in looked_for.items()),
        ("call looked at", call_id, here),
    ]


async def test_a_viewer_sees_the_end_of_a_reference_alone(console: Console) -> None:
    call_id = await past_call(console.book, ccrn="1234567890123")
    async with console.site.records.writing() as session:
        await session.execute(update(Call).values(ubr="9567890123"))
    for role, seen in ((Role.VIEWER, False), (Role.OPERATOR, True)):
        async with browser(console, role) as session:
            for path in ("/calls", f"/calls/{call_id}"):
                async with session.get(path) as page:
                    text = await page.text()
                assert ("9567890123" in text) is seen, path
                assert "…23" in text or seen, path


async def test_a_test_is_made_for_operators_of_calls_that_can_be_repeated(
    console: Console,
) -> None:
    call_id = await past_call(console.book)
    for role, statuses in ((Role.VIEWER, (403, 403)), (Role.OPERATOR, (409, 404))):
        async with browser(console, role) as session:
            for name, status in zip((call_id, "none"), statuses, strict=True):
                async with session.get(f"/calls/{name}/test") as answer:
                    assert answer.status == status
                    if status == 409:
                        assert f"call {call_id} has no steps" in await answer.text()
            async with session.get(f"/calls/{call_id}") as page:
                assert ("Save as test" in await page.text()) is (role is Role.OPERATOR)


async def test_a_call_is_found_by_its_driver(console: Console) -> None:
    await past_call(console.book)
    found, problems = filter_of({"driver": "1234 5678"}, Role.VIEWER, "HK")
    assert (found.driver, problems) == ("******678", [])
    assert await console.site.search.find(found) == []


async def test_a_filter_that_is_not_understood_is_said_and_finds_nothing(console: Console) -> None:
    await past_call(console.book)
    async with browser(console, Role.OPERATOR) as session:
        for name, value in (
            ("from", "yesterday"),
            ("to", "0001-01-01"),
            ("ubr", "x"),
            ("outcome", "happy"),
            ("language", "tlh"),
            ("driver", "12"),
            ("vehicle", "AB-1234"),
            ("before", "../.."),
        ):
            async with session.get("/calls", params={name: value}) as page:
                text = await page.text()
                assert page.status == 400, name
                assert "nothing was searched" in text, name
                assert "/calls/" not in text.partition("<tbody>")[2], name
            async with session.get("/calls.csv", params={name: value}) as answer:
                assert answer.status == 400, name
                assert "Nothing was exported" in await answer.text(), name


async def test_a_csv_holds_what_a_day_is_settled_with(console: Console) -> None:
    await past_call(console.book, ccrn="1234567890123", vehicle="XY99", called="3902")
    await past_call(console.book, outcome=CallOutcome.HOTLINE)
    async with browser(console, Role.OPERATOR) as session, session.get("/calls.csv") as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text(encoding="utf-8-sig"))))
    assert len(rows) == 2
    (row,) = [row for row in rows if row["ccrn"]]
    assert row["ccrn"] == "1234567890123"
    assert (row["vehicle"], row["dialled"]) == ("XY99", "3902")
    assert row["offered"] == "2026-11-02T09:30:00+08:00"
    assert row["ended"] == "2026-11-02T09:30:45+08:00"
