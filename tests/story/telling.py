"""The story as it is told: a line a step, and a picture of what somebody saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page


@dataclass
class Telling:
    """Args:
    pictures: folder they are saved in; None: none are.
    say: takes each line.
    """

    pictures: Path | None
    say: Callable[[str], None] = print
    step: int = 0

    async def tell(self, text: str, page: Page | None = None) -> None:
        """One step, and with a page its picture."""
        self.step += 1
        shown = ""
        if page is not None and self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            picture = self.pictures / f"{self.step:02}.png"
            await page.screenshot(path=picture)
            shown = f"  [{picture}]"
        self.say(f"{self.step:2}  {text}{shown}")
