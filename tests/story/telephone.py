"""How the driver of the story bundles: in a real call, or over the interface the calls go by."""

from __future__ import annotations

import asyncio
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.story.stage import DRIVER, Stage
from tests.story.story import VEHICLE
from tests.support.pace import limit

CALL_S = 300.0

_STEPS = """
- dial: 3902
- press: 3
- expect: login.user_id.say
  language: en
  whole: false
- press: "{user_id}"
- expect: login.pin.say
  whole: false
- press: "{pin}"
- expect: login.code.say
  whole: false
- press: "{code}"
- expect: main_menu.bundle
  slots: {key: "1"}
- press: 1
- expect: ccrn.say
  whole: false
- press: "{ccrn}#"
- expect: ccrn.accepted
  slots: {ccrn: "{ccrn}"}
- press: 1
- expect: vehicle.option
  slots: {vehicle: "{vehicle}", key: "1"}
- press: 1
- expect: bundle.one_cargo
  slots: {ccrns: "{ccrn}", vehicle: "{vehicle}"}
- press: 1
- expect: bundle.done
  capture: {ubr: ubr}
- expect: bundle.cross_now
- hang_up: true
"""


@dataclass(frozen=True)
class ScriptedCall:
    """SIP and RTP on loopback, by `rocars-ivr calls run`; its report is an HTML page."""

    config: Path
    folder: Path

    async def bundle(self, stage: Stage, ccrn: str) -> str:
        driver = await stage.driver(DRIVER)
        scenario = {
            "name": "A driver bundles",
            "secrets": ["pin", "code"],
            "examples": [
                {
                    **{name: driver[name] for name in ("user_id", "pin", "code")},
                    "ccrn": ccrn,
                    "vehicle": VEHICLE,
                }
            ],
            "steps": yaml.safe_load(_STEPS),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "bundle.call.yaml"
        file.write_text(yaml.safe_dump(scenario, sort_keys=False))
        report = self.folder / "call.html"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ivr.cli", "calls", "run", str(file)),
            *("--config", str(self.config), "--html", str(report)),
            *("--patience", str(limit(1.0))),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(limit(CALL_S)):
                output, _ = await process.communicate()
        finally:
            file.unlink()  # it holds a PIN
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, output.decode(errors="replace")
        return f"in a telephone call ({report})"


class OverTheInterface:
    """What the telephone channel asks of ROCARS, without the call."""

    async def bundle(self, stage: Stage, ccrn: str) -> str:
        driver = await stage.driver(DRIVER)
        keyed = {name: driver[name] for name in ("user_id", "pin", "code")}
        entered = await stage.ask("POST", "/v1/log-in", "ivr", json=keyed)
        headers = {
            "Authorization": f"Bearer {entered['session']}",
            "Idempotency-Key": secrets.token_hex(8),
        }
        body = {"ccrns": [ccrn], "vehicle": VEHICLE}
        await stage.ask("POST", "/v1/bundles", "ivr", json=body, headers=headers)
        return "as the telephone channel does"
