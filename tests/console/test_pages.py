"""The pages as people use them, in a real browser."""

from __future__ import annotations

import io
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, expect

from ground.web.requests import own_path
from ivr.console.charts import CHARTS
from ivr.console.pages.waiting import ON_A_PAGE
from ivr.observe.strain import Cause, Pressure, Strain, Verdict
from ivr.records.facts import Step, now
from ivr.records.node_tables import NodeState
from ivr.records.outcome import CallOutcome
from ivr.records.prompt_tables import Source, VersionState
from ivr.records.prompt_versions import NewVersion
from ivr.records.roles import Role
from prompts import live
from speech.languages.language import Language
from tests.console.conftest import MICROPHONE, PASSWORDS, Console, Visit, a_recording
from tests.records.conftest import an_offered_call
from tests.support.pace import limit
from tests.support.past_calls import AT, past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

Enter = Callable[[Role], Awaitable[Visit]]

PAGES = (
    *("/live", "/calls", "/figures", "/prompts", "/prompts/en", "/prompts/yue/1001"),
    *("/prompts/waiting", "/prompts/cmn/script", "/wellbeing", "/people", "/audit", "/me"),
    *("/announcements", "/alerts", "/tokens", "/people/viewer.one/sessions"),
    "/people/viewer.one/second-factor",
)


@pytest_asyncio.fixture(loop_scope="session")
async def console_here(console: Console) -> Console:
    return console


@pytest_asyncio.fixture(loop_scope="session")
async def enter(chromium: Browser, console: Console) -> AsyncIterator[Enter]:
    """Somebody logs in at a browser of their own; no page may have complained at the end."""
    async with AsyncExitStack() as leaving:
        visits: list[Visit] = []

        async def log_in(role: Role) -> Visit:
            context = await chromium.new_context(permissions=["microphone"])
            leaving.push_async_callback(context.close)
            visit = Visit(await context.new_page(), console.url)
            await visit.log_in(console.names[role], PASSWORDS[role])
            visits.append(visit)
            return visit

        yield log_in
        assert [visit.complaints for visit in visits] == [[] for _ in visits]


PLAY = """audio => new Promise((heard) => {
    audio.addEventListener("timeupdate", () => { if (audio.currentTime > 0) heard(); });
    audio.play();
})"""


async def test_from_an_upload_to_what_callers_hear_and_back(console: Console, enter: Enter) -> None:
    operator, reviewer = await enter(Role.OPERATOR), await enter(Role.REVIEWER)
    await operator.go("/prompts/en/1001")
    await operator.page.get_by_label("or a file").set_input_files(
        {"name": "new.wav", "mimeType": "audio/wav", "buffer": a_recording()}
    )
    await operator.press("Send")
    assert await operator.notice() == "Taken as version 1."
    assert await operator.page.get_by_role("button", name="Make live").count() == 0

    await reviewer.go("/prompts/waiting")
    await reviewer.page.get_by_role("link", name="1001").click()
    sound = reviewer.page.locator("tr.draft audio")
    await sound.evaluate(PLAY)  # waiting for a function would evaluate text, which pages forbid
    await reviewer.press("I have heard it")
    assert await reviewer.notice() == "Version 1: reviewed."
    await reviewer.press("Make live")
    assert await reviewer.notice() == "Version 1: live."
    (published,) = live.published(console.site.published)
    assert published.clip == "welcome.greeting"

    before = await reviewer.page.locator("#before").inner_text()
    assert "Roll back brings what came with the service" in before
    await reviewer.press("Roll back")
    assert await reviewer.notice() == "What comes with the service is heard again."
    assert live.published(console.site.published) == []
    await reviewer.press("Make live")
    assert await reviewer.notice() == "Version 1: live."


async def test_a_sentence_is_heard_whole_as_it_is_today(console: Console, enter: Enter) -> None:
    name = "welcome.language--1"
    number = (await console.site.studio.numbers())[name]
    viewer = await enter(Role.VIEWER)
    await viewer.go(f"/prompts/en/{number}")
    player = viewer.page.get_by_label("The whole sentence")
    await player.evaluate(PLAY)
    whole = await player.evaluate("audio => audio.duration")
    piece = await console.site.studio.get(Language.ENGLISH, name)
    assert piece is not None
    assert piece.seconds is not None
    assert whole > piece.seconds + 0.2


async def test_nobody_is_offered_to_review_her_own(console: Console, enter: Enter) -> None:
    reviewer = await enter(Role.REVIEWER)
    await reviewer.go("/prompts/en/1001")
    await reviewer.page.get_by_label("or a file").set_input_files(
        {"name": "new.wav", "mimeType": "audio/wav", "buffer": a_recording()}
    )
    await reviewer.press("Send")
    assert await reviewer.page.get_by_role("button", name="I have heard it").count() == 0
    await reviewer.press("Discard")
    assert await reviewer.notice() == "Version 1: retired."


async def test_recorded_in_the_browser(console: Console, enter: Enter) -> None:
    number = (await console.site.studio.numbers())["goodbye.plain"]
    operator = await enter(Role.OPERATOR)
    await operator.go(f"/prompts/en/{number}")
    await operator.press("Record here")
    await operator.page.get_by_text("speak now").wait_for()
    level = operator.page.get_by_label("Level")
    await expect(level).not_to_have_js_property("value", 0)
    await expect(operator.page.locator("#clock")).to_have_text("0:03 / 2:00")
    await operator.press("Stop")
    await operator.page.get_by_text("Hear it, then send it.").wait_for()
    assert await level.is_hidden()
    leaving = "() => dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert await operator.page.evaluate(leaving) is False  # the browser asks first
    await operator.press("Send")
    assert "Taken as version 1" in await operator.notice()
    (version,) = await console.site.versions.of_clip("en", "goodbye.plain")
    assert (version.source, version.state) == (Source.BROWSER, VersionState.DRAFT)
    held = await console.site.versions.get(version.version_id)
    assert held is not None
    assert _known_again(held.sound, MICROPHONE.read_bytes()) > 0.5


async def test_a_recording_ends_by_itself_when_it_is_too_long(
    console: Console, enter: Enter
) -> None:
    operator = await enter(Role.OPERATOR)
    await operator.go("/prompts/en/1001")
    await operator.page.locator("#clock").evaluate("clock => { clock.dataset.longestS = 1; }")
    await operator.press("Record here")
    await operator.page.get_by_text("It is as long as it may be").wait_for()
    player = operator.page.locator("#heard")
    await player.evaluate(PLAY)
    assert 1 <= float(await player.evaluate("audio => audio.duration")) < 2


async def test_other_words_are_said_by_a_stand_in_at_once(console: Console, enter: Enter) -> None:
    operator = await enter(Role.OPERATOR)
    await operator.go("/prompts/en/1001")
    await operator.page.get_by_label("What is to be said").fill("Welcome to the Road Cargo System")
    await operator.press("Make a version")
    assert "synthesised voice" in await operator.notice()
    (version,) = await console.site.versions.of_clip("en", "welcome.greeting")
    assert (version.words, version.source) == (
        "Welcome to the Road Cargo System.",
        Source.SYNTHESISED,
    )
    await operator.page.get_by_text("(stand-in)").wait_for()


async def test_a_version_is_scheduled(console: Console, enter: Enter) -> None:
    operator, reviewer = await enter(Role.OPERATOR), await enter(Role.REVIEWER)
    await operator.go("/prompts/en/1001")
    await operator.page.get_by_label("What is to be said").fill("Good morning")
    await operator.press("Make a version")
    await reviewer.go("/prompts/en/1001")
    await reviewer.press("I have heard it")
    await reviewer.page.get_by_label("Live from").fill("2020-01-01T00:00")
    await reviewer.press("Schedule")
    assert await reviewer.notice() == "Give a date and time to come."
    await reviewer.page.get_by_label("Live from").fill("2030-01-01T08:00")
    await reviewer.press("Schedule")
    await reviewer.page.get_by_text("goes live 2030-01-01 08:00").wait_for()
    await reviewer.press("Take the schedule back")
    assert await reviewer.notice() == "Version 1: reviewed."
    assert await reviewer.page.get_by_text("goes live").count() == 0


async def test_two_at_one_prompt_are_told_of_each_other(console: Console, enter: Enter) -> None:
    operator, reviewer = await enter(Role.OPERATOR), await enter(Role.REVIEWER)
    await operator.go("/prompts/en/1001")
    await operator.page.locator("#others").wait_for(state="attached")
    assert await operator.page.get_by_text("Also at this prompt").count() == 0
    await reviewer.go("/prompts/en/1001")
    await reviewer.page.get_by_text("Also at this prompt now: The operator").wait_for()
    await reviewer.go("/prompts/en/1002")
    await reviewer.page.locator("#others").wait_for(state="attached")
    assert await reviewer.page.get_by_text("Also at this prompt").count() == 0


async def test_a_set_is_reviewed_by_keyboard(console: Console, enter: Enter) -> None:
    clip = await console.site.studio.get(Language.ENGLISH, "welcome.greeting")
    assert clip is not None
    first = await console.site.intake.file("somebody", clip, a_recording(), Source.UPLOADED)
    for _ in range(ON_A_PAGE + 2):
        await console.site.versions.add(
            "somebody",
            NewVersion(
                "en", clip.name, "Words", clip.digest, first.sound, 1.4, -23, Source.IMPORTED
            ),
        )
    reviewer = await enter(Role.REVIEWER)
    await reviewer.go("/prompts/waiting?language=en&state=draft")
    rows = reviewer.page.locator("#review tr[data-version]")
    assert await rows.count() == ON_A_PAGE
    await reviewer.page.keyboard.press("p")
    for _ in range(3):
        await reviewer.page.keyboard.press("a")
    await reviewer.page.locator("#review tr.done").nth(2).wait_for()
    assert await reviewer.page.locator("#review tr.done").count() == 3
    # The fourth is heard now, or was: it is over soon.
    await reviewer.page.wait_for_function(
        "() => [...document.querySelectorAll('#review tr[data-version] audio')]"
        ".findLastIndex(audio => !audio.paused || audio.played.length) === 3",
        timeout=limit(10) * 1000,
    )
    await reviewer.page.keyboard.press("k")
    await reviewer.page.keyboard.press("k")
    await reviewer.page.keyboard.press("a")  # accepted already: nothing is done twice
    await reviewer.page.keyboard.press("d")
    await expect(reviewer.page.locator("main > .notice").first).to_contain_text("retired")
    reviewed = await console.site.versions.in_state(VersionState.REVIEWED)
    assert len(reviewed) == 2
    assert {version.reviewed_by for version in reviewed} == {console.names[Role.REVIEWER]}
    await reviewer.page.get_by_label("State").select_option("reviewed")
    await reviewer.press("Search")
    assert await rows.count() == 2
    await reviewer.press("Make live")
    assert "live" in await reviewer.notice()
    assert reviewer.page.url.endswith("/prompts/waiting?find=&language=en&state=reviewed")
    assert await rows.count() == 1


async def test_no_draft_is_skipped_from_page_to_page(console: Console, enter: Enter) -> None:
    """What was accepted has left the search, and the next page begins where this one ended."""
    clip = await console.site.studio.get(Language.ENGLISH, "welcome.greeting")
    assert clip is not None
    first = await console.site.intake.file("somebody", clip, a_recording(), Source.UPLOADED)
    made = [first] + [
        await console.site.versions.add(
            "somebody",
            NewVersion("en", clip.name, f"{n}", "x", first.sound, 1.4, -23, Source.IMPORTED),
        )
        for n in range(ON_A_PAGE + 9)
    ]
    reviewer = await enter(Role.REVIEWER)
    await reviewer.go("/prompts/waiting?state=draft")
    await reviewer.page.get_by_label("Speed of hearing").select_option("1.5")
    for version in made[: ON_A_PAGE // 2]:
        await console.site.versions.review("another", version.version_id)
    rows = reviewer.page.locator("#review tr[data-version]")
    await rows.last.focus()
    await reviewer.page.keyboard.press("a")
    following = str(made[ON_A_PAGE].version_id)
    await expect(rows.first).to_have_attribute("data-version", following)
    await expect(rows.first).to_be_focused()
    assert await rows.count() == 10
    speed = "row => row.querySelector('audio').playbackRate"
    assert await rows.first.evaluate(speed) == 1.5
    last = await console.site.versions.get(made[ON_A_PAGE - 1].version_id)
    assert last is not None
    assert last.state is VersionState.REVIEWED


async def test_a_release_shows_what_changes_goes_live_and_comes_back(
    console: Console, enter: Enter
) -> None:
    for name in ("welcome.greeting", "goodbye.plain"):
        clip = await console.site.studio.get(Language.ENGLISH, name)
        assert clip is not None
        made = await console.site.intake.file("somebody", clip, a_recording(name), Source.UPLOADED)
        await console.site.versions.review("another", made.version_id)
    reviewer = await enter(Role.REVIEWER)
    await reviewer.go("/prompts/waiting?language=en")
    await reviewer.page.get_by_label("Name of the release").fill("Spring voices")
    await reviewer.press("Gather what is reviewed")
    page = await reviewer.page.inner_text("main")
    assert "Spring voices" in page
    assert page.count("the same words") == 2
    await reviewer.page.get_by_label("Live from").fill("2030-01-01T08:00")
    await reviewer.press("Schedule")
    await reviewer.page.get_by_text("goes live 2030-01-01 08:00").wait_for()
    await reviewer.press("Take the schedule back")
    await reviewer.press("Make live")
    assert "2 recordings are heard" in await reviewer.notice()
    assert {live_clip.clip for live_clip in live.published(console.site.published)} == {
        "welcome.greeting",
        "goodbye.plain",
    }
    await reviewer.press("Roll back all of it")
    assert "2 recordings are as they were" in await reviewer.notice()
    assert live.published(console.site.published) == []


async def test_an_order_is_seen_on_its_row_and_tells_no_more_than_is_so(
    console: Console, enter: Enter
) -> None:
    call_id = await console.book.open(an_offered_call())
    operator = await enter(Role.OPERATOR)
    passing = operator.page.get_by_role("button", name="To the hotline", exact=True)
    assert await passing.count() == 0
    await operator.press("Refer to the hotline")
    assert "no transfer is configured" in await operator.notice()
    row = operator.page.locator(f"tr[data-call='{call_id}']")
    assert "ordered: pass on" in await row.inner_text()
    lately = operator.page.locator("#ordered")
    await expect(lately).to_contain_text("not taken yet")
    await console.site.orders.take_for_calls([call_id])
    await expect(lately).to_contain_text("under way")
    console.book.step(call_id, Step("transfer", "transfer", value="timed_out"))
    await expect(lately).to_contain_text("nobody was reached; the caller was told the number")
    assert await row.get_by_role("button").count() == 0
    assert await console.book.flush(5)


@pytest.mark.parametrize("what", ["end", "pass"])
async def test_ending_and_passing_on_are_confirmed_by_keyboard(
    console: Console, enter: Enter, what: str
) -> None:
    call_id = await console.book.open(an_offered_call())
    operator = await enter(Role.OPERATOR)
    button = operator.page.locator(f"#{what}-{call_id}")
    await button.wait_for()
    operator.agrees = False
    await button.focus()
    await operator.page.keyboard.press("Enter")
    assert len(operator.asked) == 1
    assert await console.site.orders.take_for_calls([call_id]) == []
    operator.agrees = True
    await button.focus()
    await operator.page.keyboard.press("Enter")
    await operator.page.locator(f"tr[data-call='{call_id}'] .ordered").wait_for()
    assert len(await console.site.orders.take_for_calls([call_id])) == 1


async def test_focus_and_marked_text_survive_the_update(console: Console, enter: Enter) -> None:
    call_id = await console.book.open(an_offered_call())
    operator = await enter(Role.OPERATOR)
    link = operator.page.locator(f"#call-{call_id}")
    await link.focus()
    caption = operator.page.locator("#now caption")
    before = await caption.inner_text()
    while await caption.inner_text() == before:
        await operator.page.wait_for_timeout(100)
    assert await link.evaluate("link => document.activeElement === link")
    await caption.select_text()
    await operator.page.wait_for_timeout(2500)
    assert await operator.page.evaluate("() => document.getSelection().toString()") != ""


async def test_pressing_twice_sends_once(console: Console, enter: Enter) -> None:
    operator = await enter(Role.OPERATOR)
    await operator.go("/prompts/en/1001")
    await operator.page.get_by_label("What is to be said").fill("Good morning to you")
    await operator.page.get_by_role("button", name="Make a version").dblclick()
    await operator.page.get_by_text("(stand-in)").first.wait_for()
    assert len(await console.site.versions.of_clip("en", "welcome.greeting")) == 1


async def test_a_browser_goes_nowhere_but_here(chromium: Browser, console: Console) -> None:
    """`own_path` against how a browser itself reads addresses."""
    pieces = ("/", "\\", "\t", "\n", "%09", "%2f", "evil.example", ".", "..", "@", ":", " ", "\x00")
    random.seed(2)
    tried = ["/" + "".join(random.choices(pieces, k=random.randint(1, 6))) for _ in range(3000)]
    paths = sorted({own_path(path) for path in tried})
    assert len(paths) > 20
    assert all(
        own_path(path) == path for path in ("/calls?ubr=1&to=2026-01-01", "/prompts/en/1001")
    )
    page = await chromium.new_page()
    there = await page.evaluate(
        "paths => paths.filter(p => new URL(p, 'https://desk.example/x').host !== 'desk.example')",
        paths,
    )
    await page.close()
    assert there == []


async def test_a_call_is_found_and_read(console: Console, enter: Enter) -> None:
    for _ in range(3):
        await past_call(console.book, ccrn="5555555555555")
    await past_call(
        console.book,
        ccrn="1234567890123",
        vehicle="XY99",
        outcome=CallOutcome.HOTLINE,
        questions=(("login.user_id", "answered"), ("ccrn.ask", "noinput")),
    )
    operator = await enter(Role.OPERATOR)
    await operator.go("/calls")
    assert await operator.page.locator("tbody tr").count() == 4
    await operator.page.get_by_label("Vehicle").fill("xy 99")
    await operator.press("Search")
    assert await operator.page.locator("tbody tr").count() == 1
    await operator.page.locator("tbody a").click()
    dialogue = operator.page.locator(".dialogue")
    assert await dialogue.locator("tr.caller").count() == 2
    assert "login.user_id?" in await dialogue.inner_text()
    assert "no input" in await dialogue.inner_text()
    page = await operator.page.inner_text("main")
    assert "1234567890123" in page
    assert "******4567" in page
    assert "91234567" not in page


async def test_a_viewer_sees_no_personal_data_and_an_administrator_is_written_down(
    console: Console, enter: Enter
) -> None:
    call_id = await past_call(console.book, ccrn="1234567890123", vehicle="XY99")
    viewer = await enter(Role.VIEWER)
    await viewer.go(f"/calls/{call_id}")
    page = await viewer.page.inner_text("main")
    for secret in ("1234567890123", "XY99", "91234567"):
        assert secret not in page
    administrator = await enter(Role.ADMINISTRATOR)
    await administrator.go(f"/calls/{call_id}")
    await administrator.press("Show the number")
    assert "+85291234567" in await administrator.page.inner_text("main")
    await administrator.go("/audit")
    assert "number shown" in await administrator.page.inner_text("main")


async def test_figures_are_drawn_and_told(console: Console, enter: Enter) -> None:
    for number in range(12):
        await past_call(
            console.book,
            at=AT + timedelta(minutes=number),
            language="en" if number % 3 else "yue",
            questions=(("login.user_id", "answered" if number % 4 else "noinput"),),
            outcome=CallOutcome.COMPLETED if number % 4 else CallOutcome.CALLER_HUNG_UP,
        )
    await console.site.tallies.count(date(2026, 11, 2))
    viewer = await enter(Role.VIEWER)
    await viewer.go("/figures?from=2026-11-01&to=2026-11-03")
    text = await viewer.page.inner_text("main")
    assert "75.0" in text  # got what they came for
    assert "2026-11-02 09:00" in text
    charts = viewer.page.locator("img.chart")
    assert await charts.count() == 5
    for number in range(5):
        chart = charts.nth(number)
        await chart.scroll_into_view_if_needed()
        assert await chart.evaluate("img => img.decode().then(() => img.naturalWidth > 0)")
    grounds = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await viewer.page.emulate_media(color_scheme=scheme)
        shot = Image.open(io.BytesIO(await charts.first.screenshot())).convert("L")
        counts = shot.histogram()
        grounds[scheme] = counts.index(max(counts))  # grey that is seen most, 0 to 255
    assert grounds["light"] > 240
    assert grounds["dark"] < 40
    await viewer.page.emulate_media(color_scheme="light")
    await viewer.page.get_by_label("Language").select_option("en")
    await viewer.press("Show")
    tiles = await viewer.page.locator("dl.tiles").inner_text()
    assert "Calls\n8" in tiles


async def test_people_are_added_and_let_go(console: Console, enter: Enter) -> None:
    administrator = await enter(Role.ADMINISTRATOR)
    await administrator.go("/people")
    await administrator.page.get_by_label("Name to log in with").fill("wong")
    await administrator.page.get_by_label("Full name").fill("Wong Mei Ling")
    await administrator.page.get_by_label("Password, 12", exact=False).last.fill(
        "a password for wong mei"
    )
    await administrator.press("Add")
    assert "not the name" in await administrator.notice()
    await administrator.page.get_by_label("Name to log in with").fill("wong")
    await administrator.page.get_by_label("Full name").fill("Wong Mei Ling")
    await administrator.page.get_by_label("Password, 12").last.fill("a secret that is long")
    await administrator.press("Add")
    assert await administrator.notice() == "Done."
    assert "Wong Mei Ling" in await administrator.page.inner_text("main")
    row = administrator.page.locator("tr", has_text="Wong Mei Ling")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Deactivate").click()
    assert await console.site.people.log_in("wong", "a secret that is long", "here") is None


async def test_every_page_speaks_chinese_too(console: Console, enter: Enter) -> None:
    administrator = await enter(Role.ADMINISTRATOR)
    await administrator.press("中文")
    assert await administrator.page.locator("html").get_attribute("lang") == "zh-Hant"
    for path in PAGES:
        await administrator.go(path)
        text = await administrator.page.inner_text("main")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), path


@pytest.mark.parametrize(
    ("width", "height", "language", "scheme"),
    [(390, 844, "中文", "dark"), (1280, 800, "English", "light")],
)
async def test_pages_fit_labelled_and_legible(
    console: Console,
    enter: Enter,
    width: int,
    height: int,
    language: str,
    scheme: Literal["dark", "light"],
) -> None:
    """Nothing wider than the screen, WCAG AA contrast of all text, and nothing that axe-core finds:
    on a telephone in Chinese, dark; on a desk in English, light."""
    call_id = await past_call(console.book, ccrn="1234567890123")
    await console.book.open(an_offered_call())
    clip = await console.site.studio.get(Language.ENGLISH, "welcome.greeting")
    assert clip is not None
    long_name = "x" * 300 + ".wav"
    draft = await console.site.intake.file(
        "somebody", clip, a_recording(), Source.IMPORTED, long_name
    )
    await console.site.versions.review("another", draft.version_id)
    release = await console.site.releases.gather("another", "Spring voices", [draft.version_id])
    pages = (f"/calls/{call_id}", f"/releases/{release.release_id}", "/prompts/en/1001")
    administrator = await enter(Role.ADMINISTRATOR)
    await administrator.page.set_viewport_size({"width": width, "height": height})
    await administrator.page.emulate_media(color_scheme=scheme)
    if language != "English":
        await administrator.press(language)
    for path in (*PAGES, *pages):
        await administrator.go(path)
        found = await administrator.page.evaluate(
            Path(__file__).with_name("accessible.js").read_text()
        )
        assert found == [], path
        seen = await Axe().run(administrator.page)
        assert seen.violations_count == 0, f"{path}: {seen.generate_report()}"


async def test_the_pages_are_used_by_keyboard_alone(console: Console, enter: Enter) -> None:
    viewer = await enter(Role.VIEWER)
    await viewer.page.keyboard.press("Tab")
    assert await viewer.page.locator(":focus").inner_text() == "To the content"
    await viewer.page.keyboard.press("Tab")
    await viewer.page.keyboard.press("Tab")
    await viewer.page.keyboard.press("Enter")
    await viewer.page.wait_for_url("**/calls")


async def test_a_live_page_that_stands_still_says_so(console: Console, enter: Enter) -> None:
    viewer = await enter(Role.VIEWER)
    await viewer.page.route("**/live/now", lambda route: route.abort())
    await viewer.page.get_by_text("not being updated").wait_for(timeout=limit(5) * 1000)
    await viewer.page.unroute("**/live/now")
    await viewer.page.get_by_text("not being updated").wait_for(
        state="hidden", timeout=limit(5) * 1000
    )
    viewer.complaints.clear()  # the browser itself says that the request failed


def _known_again(recorded: bytes, played: bytes) -> float:
    """Share of the recording, in pieces of 100 ms that are not silent, that is in what was played.

    In pieces, since the browser's microphone skips some where the machine is busy.
    """
    sound, rate = soundfile.read(io.BytesIO(recorded), dtype="float64")
    original, original_rate = soundfile.read(io.BytesIO(played), dtype="float64")
    assert rate == original_rate
    length = rate // 10
    pieces = np.lib.stride_tricks.sliding_window_view(sound, length)[::length]
    loud = [piece for piece in pieces if piece.std() > 0.2 * sound.std()]
    levels = np.sqrt(np.convolve(original**2, np.ones(length), mode="valid"))
    found = [
        np.abs(np.correlate(original, piece) / np.maximum(levels * np.linalg.norm(piece), 1e-6))
        for piece in loud
    ]
    return float(np.mean([likeness.max() > 0.8 for likeness in found]))


async def test_an_overload_is_seen_and_charts_wait_for_it_to_end(
    console: Console, enter: Enter
) -> None:
    viewer = await enter(Role.VIEWER)
    state = NodeState(
        node="hk2",
        at=now(),
        lines=48,
        active=40,
        front_up=True,
        closed=False,
        overload="late_frames",
        workers=[],
    )
    await console.site.orders.say(state)
    console.node.verdict = Verdict(
        Strain.KEYPAD_ONLY, Cause.LATE_FRAMES, 0.034, pressure=Pressure(cpu=0.87)
    )
    await viewer.go("/live")
    page = await viewer.page.locator("main").inner_text()
    assert "overloaded: the sound of running calls is late; new calls are refused" in page
    assert "speech is given up until the overload is over" in page
    assert "40 of 48 lines in use · overloaded: takes no new calls" in page
    assert "87.0" in await viewer.page.locator("#load").inner_text()
    await viewer.go("/figures")
    assert "charts wait until it is not" in await viewer.page.locator("main").inner_text()
    assert await viewer.page.locator("img.chart").count() == 0
    for path in ("/figures.csv", f"/figures/{next(iter(CHARTS))}.svg"):
        answer = await viewer.page.request.get(console.url + path)
        assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    console.node.verdict = Verdict()
    await viewer.go("/figures")
    assert await viewer.page.locator("img.chart").count() == len(CHARTS)
    await viewer.go("/live")
    assert await viewer.page.locator("#load").count() == 0
