"""What a person calls the browser they logged in with."""

from __future__ import annotations

import re

BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|Chromium|HeadlessChrome|CriOS)/"),
    ("Safari", r"\bVersion/[\d.]+ .*Safari/"),
)
SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMacintosh\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)
"""In the order in which they are looked for: browsers and systems name those they came from too.

A library would know a thousand more, and try as many patterns while the event loop waits: people
have to tell their own few browsers apart.
"""

SHOWN = 60
"""Characters of what we do not know."""


def device(agent: str) -> str:
    """``Firefox, Windows`` for a User-Agent; its beginning where it is none that we know."""
    found = [
        next((name for name, pattern in kinds if re.search(pattern, agent)), "")
        for kinds in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(name for name in found if name) if found[0] else agent[:SHOWN]
