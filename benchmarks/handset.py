"""The delay of sound through the telephone in the browser, there and back.

A page in Chromium calls a telephone that sends back what it hears. In place of a microphone the
page has a tone that is switched on at a known moment; when it is heard again, at the page's last
node, is looked for every few milliseconds. What sound cards add on both sides is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from ivr.records import migrations
from ivr.settings.service import Settings
from tests.console.conftest import CHROMIUM
from tests.support.phone_process import PHONE, PhoneProcess
from tests.support.ports import free_ports

ECHO = "9300"
RUN = """
import sys
from pathlib import Path
from backend_client.settings import RocarsClientSettings
from ivr.handset.app import run_handset
from ivr.studio.draft_calls import DraftKey
from ivr.settings.service import load
nowhere = RocarsClientSettings(base_url="http://127.0.0.1:9")
sys.exit(run_handset(load(Path(sys.argv[1])), nowhere, "", DraftKey()))
"""

LOOP = """
const own = new AudioContext();
const tone = new OscillatorNode(own, { frequency: 1000 });
const gain = new GainNode(own, { gain: 0 });
const sent = new MediaStreamAudioDestinationNode(own);
tone.connect(gain).connect(sent);
tone.start();
navigator.mediaDevices.getUserMedia = async () => { await own.resume(); return sent.stream; };

const connect = AudioNode.prototype.connect;
let heard = null;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    heard = new AnalyserNode(this.context, { fftSize: 32 });
    connect.call(this, heard);
  }
  return connect.call(this, to, ...more);
};
const loud = () => {
  const wave = new Float32Array(32);
  heard.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs)) > 0.05;
};
const until = (wanted) => new Promise((done) => {
  const look = () => (loud() === wanted ? done(performance.now()) : setTimeout(look, 2));
  look();
});
window.roundTrip = async () => {
  await until(false);
  const began = performance.now();
  gain.gain.value = 0.5;
  const ended = await until(true);
  gain.gain.value = 0;
  await until(false);
  await new Promise((done) => setTimeout(done, 300 + 100 * Math.random()));
  return ended - began;
};
"""


async def echoing(prompt: Path) -> PhoneProcess:
    """A telephone that sends back what it hears."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PHONE), json.dumps({"rtp_port_first": 0}), str(prompt)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    phone = PhoneProcess(process)
    ready = await phone.event("ready", within_s=20)
    phone.addresses = [(host, port) for host, port in ready["addresses"]]
    return phone


async def measured(page: Page, url: str, times: int) -> tuple[list[float], str]:
    """Round trips in ms, and what the page says that sound waits in it."""
    await page.add_init_script(LOOP)
    while True:
        try:
            await page.goto(url)
            break
        except Exception:  # it is still starting
            await asyncio.sleep(0.2)
    await page.locator("#place").click()
    await page.get_by_text("Connected.").wait_for()
    await page.locator("#microphone").click()
    await page.get_by_text("The microphone is on.").wait_for()
    trips = [float(await page.evaluate("roundTrip()")) for _ in range(times)]
    return trips, await page.locator("#delay").inner_text()


async def main(times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompt = folder / "prompt.pcm"
        prompt.write_bytes(bytes(320))
        phone = await echoing(prompt)
        port = free_ports(1)
        configuration = folder / "rocars-ivr.toml"
        configuration.write_text(
            f'node.data = "{folder}/var"\n'
            f'sip = {{ port = {phone.address[1]}, numbers = ["{ECHO}"] }}\n'
            f"handset.port = {port}\n"
        )
        (folder / "var").mkdir()
        settings = Settings.model_validate({"node": {"data": str(folder / "var")}})
        await asyncio.to_thread(migrations.upgrade, settings.records_url)
        handset = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, configuration)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            page = await browser.new_page(locale="en")
            trips, waits = await measured(page, f"http://127.0.0.1:{port}/", times)
            await browser.close()
        handset.terminate()
        await handset.wait()
        await phone.close()
    trips.sort()
    print(
        f"there and back, {times} tones: median {statistics.median(trips):.0f} ms, "
        f"95 of 100 within {trips[int(0.95 * (times - 1))]:.0f} ms, longest {trips[-1]:.0f} ms; "
        f"the page says that sound waits {waits}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40, help="Tones (40).")
    asyncio.run(main(parser.parse_args().times))
