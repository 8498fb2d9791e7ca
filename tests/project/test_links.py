"""Every link in the docs leads somewhere, and every path they name is there. Without a network."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for where in ("*.md", "docs/**/*.md", "benchmarks/*.md", "sip_config/**/*.md", "speech/**/*.md")
    for page in ROOT.glob(where)
)
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)

LIVING = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
PATH = re.compile(rf"(?:{'|'.join(sorted(LIVING))})(?:/[\w.-]+)+/?")
MADE = ("var/", "tests/data/")
"""Paths that exist only after something ran."""
HISTORY = {"CHANGELOG.md"}
"""Pages that name what is no more."""


def tokens(page: Path) -> Iterator[Token]:
    """All tokens of a page, those within a line of text included."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def slug(heading: str) -> str:
    """The anchor GitHub gives a heading."""
    kept = (
        letter
        for letter in heading.lower().strip()
        if letter in " -_" or unicodedata.category(letter)[0] in "LNM"
    )
    return "".join(kept).replace(" ", "-")


def written(inline: Token) -> str:
    return "".join(
        part.content for part in inline.children or () if part.type in ("text", "code_inline")
    )


@cache
def anchors(page: Path) -> frozenset[str]:
    """Where a link into this page can lead; a heading that comes again has a number."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for before, token in pairwise(tokens(page)):
        if before.type == "heading_open":
            anchor = slug(written(token))
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
    return frozenset(found)


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        target = token.attrGet("href") or token.attrGet("src")
        if isinstance(target, str) and not ELSEWHERE.match(target):
            yield target


def broken(page: Path, link: str) -> str:
    """Why a link leads nowhere; empty when it leads somewhere."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT):
        return f"{link}: leads out of the project"
    if not target.exists():
        return f"{link}: no such file"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{link}: no such heading; there are {', '.join(sorted(anchors(target)))}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [why for link in links(page) if (why := broken(page, link))] == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in HISTORY],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_path_that_is_named_is_there(page: Path) -> None:
    named = {
        token.content
        for token in tokens(page)
        if token.type == "code_inline" and PATH.fullmatch(token.content)
    }
    missing = {
        name
        for name in named
        if not (ROOT / name).exists() and not name.startswith(MADE) and name == name.lower()
    }
    assert missing == set()


def test_what_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text("# A `code` heading\n\n## Twice, 中文\n\n## Twice, 中文\n")
    page.write_text("# Here\n\n[a](other.md#a-code-heading) [b](#here) ![c](gone.png)\n")
    assert list(links(page)) == ["other.md#a-code-heading", "#here", "gone.png"]
    assert anchors(other) == {"a-code-heading", "twice-中文", "twice-中文-1"}
    assert not broken(page, "other.md#a-code-heading")
    assert not broken(page, "#here")
    assert "no such file" in broken(page, "gone.png")
    assert "no such heading" in broken(page, "other.md#nowhere")
    assert "out of the project" in broken(page, "../../etc/passwd")
