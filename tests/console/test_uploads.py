"""What is sent as a recording, and must not do what it tries."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from aiohttp import ClientSession, FormData

from ivr.records.prompt_tables import Source, VersionState
from ivr.records.roles import Role
from speech.languages.language import Language
from tests.console.conftest import Console, a_recording
from tests.console.test_door import browser, token

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

GREETING = "/prompts/en/1001"


async def sent(
    session: ClientSession, path: str, field: str, data: bytes, name: str
) -> tuple[int, str]:
    form = FormData({"csrf": await token(session)})
    form.add_field(field, data, filename=name, content_type="audio/wav")
    async with session.post(path, data=form) as answer:
        return answer.status, await answer.text()


def written(console: Console) -> list[Path]:
    """All files of the console but its database."""
    return [path for path in console.directory.rglob("*") if "sqlite3" not in path.name]


def bomb() -> bytes:
    """Ten minutes of silence in a few kilobytes."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000 * 600, np.int16), 8000, format="FLAC")
    return file.getvalue()


def zipped(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a sound file"),
        (b"<script>alert(1)</script>", "not a sound file"),
        (a_recording()[:200], "breaks off"),
        (bomb(), "too long"),
        (a_recording("confirm.help"), "too long"),
        (a_recording(gain=30.0), "distorted"),
    ],
)
async def test_a_bad_file_is_refused_with_its_reason(
    console: Console, data: bytes, why: str
) -> None:
    async with browser(console, Role.OPERATOR) as session:
        status, page = await sent(session, f"{GREETING}/recording", "recording", data, "a.wav")
    assert status == 422
    assert why in page
    assert await console.site.versions.of_clip("en", "welcome.greeting") == []


async def test_the_name_of_a_file_is_nobodys_path(console: Console) -> None:
    before = written(console)
    async with browser(console, Role.OPERATOR) as session:
        name = "../../../../tmp/evil.wav"
        status, page = await sent(
            session, f"{GREETING}/recording", "recording", a_recording(), name
        )
    assert status == 200
    assert "Taken as version 1" in page
    assert written(console) == before
    assert not Path("/tmp/evil.wav").exists()


async def test_a_file_beyond_all_limits_is_refused(console: Console) -> None:
    async with browser(console, Role.OPERATOR) as session:
        status, _ = await sent(
            session, f"{GREETING}/recording", "recording", bytes(21_000_000), "a.wav"
        )
    assert status == 413


async def test_a_set_is_taken_in_by_number_and_by_name(console: Console) -> None:
    numbers = await console.site.studio.numbers()
    files = {
        f"{numbers['goodbye.plain']}.wav": a_recording("goodbye.plain"),
        f"studio/{numbers['welcome.greeting']}-welcome.greeting.flac": a_recording(),
        "../../etc/unit.digit.1.wav": a_recording("unit/digit.1"),
        "readme.txt": b"hello",
        "__MACOSX/._1001.wav": b"x",
        f"{numbers['login.welcome']}.wav": b"no sound",
    }
    async with browser(console, Role.OPERATOR) as session:
        status, page = await sent(session, "/prompts/en/import", "set", zipped(files), "set.zip")
    assert status == 200
    assert "3 recordings taken, 1 refused" in page
    assert "readme.txt" in page
    drafts = await console.site.versions.in_state(VersionState.DRAFT)
    assert {draft.clip for draft in drafts} == {"goodbye.plain", "welcome.greeting", "unit/digit.1"}
    assert {draft.source for draft in drafts} == {Source.IMPORTED}


async def test_files_can_be_sent_without_a_zip(console: Console) -> None:
    numbers = await console.site.studio.numbers()
    async with browser(console, Role.OPERATOR) as session:
        form = FormData({"csrf": await token(session)})
        for clip in ("goodbye.plain", "welcome.greeting"):
            form.add_field("set", a_recording(clip), filename=f"{numbers[clip]}.wav")
        async with session.post("/prompts/en/import", data=form) as answer:
            assert "2 recordings taken, 0 refused" in await answer.text()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"PK\x03\x04 no zip", "not a zip file"),
        (zipped({f"{n}.wav": b"" for n in range(2001)}), "more than 2000 files"),
        (zipped({"1001.wav": bytes(30_000_000)}), "too large"),
    ],
)
async def test_a_bad_set_is_refused_and_loses_nothing(
    console: Console, data: bytes, why: str
) -> None:
    async with browser(console, Role.OPERATOR) as session:
        status, page = await sent(session, "/prompts/en/import", "set", data, "set.zip")
        assert status == 400
        assert why in page
        async with session.get(GREETING) as answer:
            assert answer.status == 200
    assert await console.site.versions.in_state(VersionState.DRAFT) == []


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_one_damaged_file_of_a_zip_does_not_end_the_rest(
    console: Console, packing: int
) -> None:
    data = bytearray(zipped({f"100{n}.wav": a_recording() for n in (1, 2, 3)}, packing))
    second = data.rindex(b"1002.wav", 0, data.index(b"PK\x01\x02"))
    data[second + 20 : second + 400] = bytes(380)  # the sound of the second one is damaged
    async with browser(console, Role.OPERATOR) as session:
        status, page = await sent(session, "/prompts/en/import", "set", bytes(data), "set.zip")
    assert status == 200
    assert "It is damaged in the zip" in page
    assert "taken as version 1" in page
    drafts = await console.site.versions.in_state(VersionState.DRAFT)
    assert "1001.wav" in {draft.note for draft in drafts}


async def test_a_file_of_another_language_is_refused(console: Console) -> None:
    files = {
        "1001-yue-welcome.greeting.wav": a_recording(),
        "1001_EN_take2.wav": a_recording(),
        "1001-english.wav": a_recording(),
    }
    async with browser(console, Role.OPERATOR) as session:
        _, page = await sent(session, "/prompts/en/import", "set", zipped(files), "set.zip")
    assert "2 recordings taken, 1 refused" in page
    assert "It is of another language" in page
    assert "2 files are for 1001" not in page  # three name it, and that is what is said
    assert "3 files are for 1001 welcome.greeting" in page


async def test_a_set_is_undone_as_one(console: Console) -> None:
    numbers = await console.site.studio.numbers()
    names = ("goodbye.plain", "welcome.greeting")
    files = {f"{numbers[name]}.wav": a_recording(name) for name in names}
    async with browser(console, Role.OPERATOR) as session:
        await sent(session, "/prompts/en/1001/recording", "recording", a_recording(), "a.wav")
        _, page = await sent(session, "/prompts/en/import", "set", zipped(files), "set.zip")
        undo = re.search(r'action="(/prompts/sets/[^"]+/undo)"', page)
        assert undo is not None
        async with session.post(undo[1], data={"csrf": await token(session)}) as answer:
            assert "The set is undone: 2 drafts discarded" in await answer.text()
        drafts = await console.site.versions.in_state(VersionState.DRAFT)
        assert [draft.source for draft in drafts] == [Source.UPLOADED]
        async with session.post("/prompts/sets/x/undo", data={"csrf": await token(session)}) as no:
            assert no.status == 404


async def test_a_recording_is_filed_under_the_words_that_were_seen(console: Console) -> None:
    site = console.site
    async with browser(console, Role.OPERATOR) as session:
        async with session.get(GREETING) as page:
            saw = re.search(r'name="saw" value="(\d+)"', await page.text())
        assert saw is not None
        clip = await site.studio.get(Language.ENGLISH, "welcome.greeting")
        assert clip is not None
        await site.intake.words("somebody", clip, "Quite other words that are a good deal longer")
        form = FormData({"csrf": await token(session), "saw": saw[1]})
        form.add_field("recording", a_recording(), filename="a.wav")
        async with session.post(f"{GREETING}/recording", data=form) as answer:
            page_text = await answer.text()
    assert "somebody asked for other words" in page_text
    newest, other = await site.versions.of_clip("en", "welcome.greeting")
    assert (newest.words, newest.made_by) == (clip.shipped_words, console.names[Role.OPERATOR])
    assert other.words.startswith("Quite other words")


async def test_the_script_goes_out_and_the_set_comes_back(console: Console) -> None:
    """A voice artist who returns every file as named in the script has recorded all of it."""
    async with browser(console, Role.OPERATOR) as session:
        async with session.get("/prompts/en/script.csv") as answer:
            rows = (await answer.text(encoding="utf-8-sig")).splitlines()
        assert rows[0] == "number,file,words,context,target seconds,now heard"
        assert len(rows) - 1 == len(console.site.studio.script[Language.ENGLISH])
        assert any("Road Cargo System" in row for row in rows)
        contexts = {row["context"] for row in csv.DictReader(rows)}
        assert "" not in contexts
        assert {"main menu", "at any question", "numbers, marks and times"} <= contexts
        # What came since stands in its place, under a number after all others.
        numbered = sorted(rows[1:])
        names = [row.split(",")[1] for row in numbered[:5]]
        assert names[0].startswith("1001-en-")
        clips = [row.split("-", 2)[2].removesuffix(".wav") for row in names]
        files = {name: a_recording(clip) for name, clip in zip(names, clips, strict=True)}
        _, page = await sent(session, "/prompts/en/import", "set", zipped(files), "set.zip")
        assert "5 recordings taken, 0 refused" in page
