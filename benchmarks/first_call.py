"""A newcomer's first call: `make run`, the page it names, one press, a UBR.

    .venv/bin/python -m benchmarks.first_call

From the line that names the page: when the first prompt is heard at the page's loudspeaker, and
when the reference has been read out. The page is opened at once, in Chromium; whatever is asked is
keyed as soon as the page shows the question, by the buttons beside the keypad. The demonstration
call that `make run` places goes on beside it.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests.console.conftest import CHROMIUM
from tests.first_minute.made import MadeRun, made_run

NAMED = "Telephone in the browser:"
PAGE = re.compile(r"Telephone in the browser: (http://\S+)")
DRIVER = "10000001"
SOUNDS = """
const connect = AudioNode.prototype.connect;
window.firstSound = new Promise((done) => {
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      const earpiece = new AnalyserNode(this.context, { fftSize: 256 });
      connect.call(this, earpiece);
      const wave = new Float32Array(256);
      const look = () => {
        earpiece.getFloatTimeDomainData(wave);
        if (Math.max(...wave.map(Math.abs)) > 0.02) done(true);
        else setTimeout(look, 5);
      };
      look();
    }
    return connect.call(this, to, ...more);
  };
});
"""
ANSWERS = (
    ("welcome.language", "[data-key='3']"),
    ("login.user_id", f"[data-driver='{DRIVER}'] [data-keys=user_id]"),
    ("login.pin", f"[data-driver='{DRIVER}'] [data-keys=pin]"),
    ("login.code", f"[data-driver='{DRIVER}'] [data-keys=code]"),
    ("main_menu", "[data-key='1']"),
    ("ccrn", "#cargo [data-keys=ccrn] >> nth=0"),
    ("ccrn.more", "[data-key='1']"),
    ("vehicle.which", "[data-key='1']"),
    ("bundle.one_cargo", "[data-key='1']"),
)


async def first_call(page: Page, url: str) -> tuple[float, float]:
    """When the first sound was heard and the reference shown (`time.monotonic`)."""
    await page.add_init_script(SOUNDS)
    await page.goto(url)
    await expect(page.locator("#drivers li")).not_to_have_count(0)
    await page.locator("#place").click()
    await page.evaluate("firstSound")
    sounded = time.monotonic()
    for question, button in ANSWERS:
        await expect(page.locator("#display")).to_have_attribute("data-question", question)
        await page.locator(button).click()
    await expect(page.locator("#display")).to_have_attribute("data-question", "bundle.after")
    return sounded, time.monotonic()


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, made_run(Path(name) / "var") as run:
        named = await asyncio.to_thread(_named, run)
        found = PAGE.search(run.text)
        assert found is not None
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            opened = time.monotonic()
            page = await browser.new_page(locale="en")
            sounded, shown = await first_call(page, found[1])
            await browser.close()
    print(
        f"since the page was named: Chromium open after {opened - named:.1f} s, first prompt heard "
        f"after {sounded - named:.1f} s, the reference heard to its end after {shown - named:.1f} s"
    )


def _named(run: MadeRun) -> float:
    run.until(NAMED)
    return time.monotonic()


if __name__ == "__main__":
    asyncio.run(main())
