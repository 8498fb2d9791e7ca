"""A caller made of a script: waits for a prompt, then presses keys or hangs up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.support.fakes.line import PaperLine

GAP_S = 0.2
HANG_UP = "hang up"


@dataclass(frozen=True)
class Cue:
    """When `prompt` plays (or has played), wait `after` seconds and press `keys`."""

    prompt: str
    keys: str
    after: float = 0.5


class ScriptedCaller:
    """Follows its cues in order. A prompt counts once for each time it is played."""

    def __init__(self, line: PaperLine, *cues: Cue | tuple[str, str]) -> None:
        self._line = line
        self._cues = [cue if isinstance(cue, Cue) else Cue(*cue) for cue in cues]
        self._seen = 0
        self.unheard: list[str] = [cue.prompt for cue in self._cues]

    async def follow(self) -> None:
        for cue in self._cues:
            await self._hear(cue.prompt)
            self.unheard.remove(cue.prompt)
            await asyncio.sleep(cue.after)
            if cue.keys == HANG_UP:
                self._line.hang_up_by_caller()
                return
            for key in cue.keys:
                self._line.press(key)
                await asyncio.sleep(GAP_S)

    async def _hear(self, prompt: str) -> None:
        while True:
            while self._seen < len(self._line.played):
                played = self._line.played[self._seen]
                self._seen += 1
                if prompt in played.prompts:
                    return
            await asyncio.sleep(0.05)
