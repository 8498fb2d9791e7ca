"""Programs change prompts by the API under the rules of the pages: what one uploads somebody else
reviews, and what goes live is heard, scheduled and rolled back as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from ivr.records import audit
from ivr.records.facts import now
from ivr.records.prompt_versions import NotAllowed
from ivr.records.roles import Role
from ivr.records.token_tables import Scope
from prompts import live
from tests.console.conftest import Console, a_recording
from tests.console.test_api import Program, program
from tests.console.test_door import browser, token

__all__ = ["program"]

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

DRAFTS = "/prompts/1001/versions?language=en"
GREETING = {"language": "en", "number": 1001}


@pytest_asyncio.fixture(loop_scope="session")
async def reviewed(program: Program) -> AsyncIterator[int]:
    """The serial number of a version that one program has uploaded and another reviewed."""
    await program.with_scopes(Scope.UPLOAD_DRAFTS, name="studio", by="chan")
    made = await program.post(DRAFTS, a_recording())
    assert (made.status, made.body["state"], made.body["made_by"]) == (201, "draft", "token studio")
    await program.with_scopes(Scope.REVIEW_DRAFTS, name="listener", by="lee")
    serial = made.body["serial"]
    reply = await program.post(f"/prompts/1001/versions/{serial}/review?language=en")
    assert (reply.status, reply.body["state"]) == (200, "reviewed")
    await program.with_scopes(Scope.MAKE_LIVE, Scope.RELEASES, name="releaser", by="chan")
    yield serial


async def test_what_is_uploaded_becomes_one_draft(program: Program, console: Console) -> None:
    await program.with_scopes(Scope.UPLOAD_DRAFTS)
    sound = a_recording()
    twice = [(await program.post(f"{DRAFTS}&note=by+night", sound)).body for _ in range(2)]
    assert twice[0] == twice[1]
    other = await program.post(f"{DRAFTS}&words=Something+else", sound)
    assert (other.status, other.body["detail"][:27]) == (409, "Other words are asked for: ")
    same = await program.post(f"{DRAFTS}&words={twice[0]['words']}", sound)
    assert (same.status, same.body) == (201, twice[0])
    bad = await program.post(DRAFTS, b"no sound")
    assert (bad.status, "not a sound file" in bad.body["detail"]) == (422, True)
    assert (await program.post(DRAFTS, {"sound": "?"})).status == 415
    assert (await program.post("/prompts/1/versions?language=en", sound)).status == 404
    takes = console.settings.prompts.takes.model_copy(update={"largest_mb": 0.01})
    small = console.settings.prompts.model_copy(update={"takes": takes})
    console.site.settings = console.settings.model_copy(update={"prompts": small})
    assert (await program.post(DRAFTS, sound)).status == 413
    review = f"/prompts/1001/versions/{twice[0]['serial']}/review?language=en"
    assert (await program.post(review)).status == 403
    entries = await audit.read(console.site.records, who="token reports")
    assert [(entry.action, entry.detail["address"]) for entry in entries] == [
        ("draft made", "127.0.0.1")
    ]


async def test_whoever_made_the_token_is_no_second_person(
    program: Program, console: Console
) -> None:
    await program.with_scopes(Scope.UPLOAD_DRAFTS, name="studio", by="chan")
    serial = (await program.post(DRAFTS, a_recording())).body["serial"]
    review = f"/prompts/1001/versions/{serial}/review?language=en"
    await program.with_scopes(Scope.REVIEW_DRAFTS, name="listener", by="chan")
    own = await program.post(review)
    assert (own.status, "a second person reviews" in own.body["detail"]) == (409, True)
    versions = console.site.versions
    (draft,) = await versions.of_clip("en", "welcome.greeting")
    with pytest.raises(NotAllowed):  # in the console neither
        await versions.review("chan", draft.version_id)
    async with browser(console, Role.REVIEWER) as session:
        form = {"csrf": await token(session)}
        path = f"/prompts/versions/{draft.version_id}/review"
        async with session.post(path, data=form) as answer:
            assert "Version 1: reviewed." in await answer.text()
    again = await program.post(review)
    assert (again.status, again.body["detail"]) == (409, "the version is reviewed, not draft")


async def test_a_release_goes_live_and_is_rolled_back(
    program: Program, console: Console, reviewed: int
) -> None:
    asked = {"name": "Spring voices", "versions": [GREETING | {"serial": reviewed}]}
    made = await program.post("/releases", asked)
    assert (made.status, made.body["made_by"]) == (201, "token releaser")
    path = f"/releases/{made.body['release']}"
    assert (await program.post("/releases", asked)).status == 409  # it is in one already
    live_from = (now() + timedelta(days=3)).replace(microsecond=0)
    for at, kept in ((live_from.isoformat(), live_from), (None, None)):
        reply = await program.post(f"{path}/schedule", {"live_from": at})
        assert reply.status == 200
        (version,) = await console.site.versions.of_clip("en", "welcome.greeting")
        assert version.live_from == kept
    past = await program.post(f"{path}/schedule", {"live_from": "2020-01-01T00:00:00+08:00"})
    assert past.status == 400
    reply = await program.post(f"{path}/live")
    assert (reply.status, reply.body["audible"]) == (200, True)
    assert [version["state"] for version in reply.body["versions"]] == ["live"]
    assert [clip.clip for clip in live.published(console.site.published)] == ["welcome.greeting"]
    assert (await program.post(f"{path}/live")).status == 409
    reply = await program.post(f"{path}/roll-back")
    assert [version["state"] for version in reply.body["versions"]] == ["retired"]
    assert live.published(console.site.published) == []
    assert (await program.post("/releases/999/live")).status == 404
    await program.with_scopes(Scope.RELEASES, name="reader")
    for way in ("live", "roll-back", "schedule"):
        assert (await program.post(f"{path}/{way}")).status == 403
    entries = await audit.read(console.site.records, who="token releaser")
    assert [entry.action for entry in entries] == [
        "release rolled back",
        "release made live",
        "release: schedule taken back",
        "release scheduled",
        "release gathered",
    ]
