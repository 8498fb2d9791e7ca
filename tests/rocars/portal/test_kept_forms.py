"""Drafts and templates: kept as they are, lodged once, of one company alone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

import tests.console
from rocars.cargo.kept_forms import CannotBeKept, KeptForms
from rocars.cargo.settings import CargoRules
from rocars.portal.rendering import LANGUAGES
from tests.rocars.conftest import World
from tests.rocars.portal.conftest import SHIPPER, Portal, Seen, browser_of
from tests.rocars.portal.test_shippers import ITEMS, notice

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

KEPT = re.compile(r'href="(/lodge\?kept=[0-9]+)"')
ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


async def keep(portal: Portal, kind: str, **items: str) -> tuple[str, Seen]:
    """Through the form; gives where it is found again, and the page after it."""
    visit = await portal.visit(SHIPPER)
    before = set(KEPT.findall((await visit.go("/lodge")).text))
    seen = await visit.send("/lodge/keep", {"as": kind, **items})
    (made,) = set(KEPT.findall(seen.text)) - before
    return made, seen


async def test_a_draft_is_kept_as_it_is_and_gone_once_it_is_lodged(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    unfinished = {**ITEMS, "articles": "Lacquer boxes, half a form", "packages": "many"}
    path, seen = await keep(portal, "draft", **unfinished)
    assert notice(seen) == "Kept, not lodged. It stands below the form."
    page = await visit.go(path)
    assert ">Lacquer boxes, half a form</textarea>" in page.text
    assert 'value="2010-05-18"' in page.text
    number = path.rpartition("=")[2]
    wrong = await visit.send("/lodge", {**unfinished, "key": page.key, "kept": number})
    assert (wrong.status, f'name="kept" value="{number}"' in wrong.text) == (422, True)
    kept = await visit.send("/lodge/keep", {**unfinished, "as": "draft", "kept": number})
    assert kept.text.count("?kept=") == seen.text.count("?kept="), "in place of the one before"
    lodged = await visit.send("/lodge", {**ITEMS, "key": page.key, "kept": number})
    assert lodged.path.startswith("/consignments/")
    assert (await visit.go(path)).status == 404


async def test_a_template_stays_without_its_date(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    path, _ = await keep(portal, "template", **ITEMS, name="Every Monday")
    page = await visit.go(path)
    assert ">Umbrellas</textarea>" in page.text
    assert 'value="2010-05-18"' not in page.text
    number = path.rpartition("=")[2]
    await visit.send("/lodge", {**ITEMS, "key": page.key, "kept": number})
    listed = await visit.go("/lodge")
    assert "Every Monday" in listed.text
    gone = await visit.send(f"/lodge/kept/{number}/delete")
    assert (notice(gone), "Every Monday" in gone.text) == ("Deleted.", False)


async def test_nothing_is_lost_when_it_cannot_be_kept(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    page = await visit.go("/lodge")
    empty = await visit.send("/lodge/keep", {"as": "draft", "key": page.key})
    assert (empty.status, notice(empty)) == (422, "Nothing is filled in.")


async def test_so_many_are_kept_and_so_long(portal: Portal) -> None:
    world: World = portal.world
    rules = CargoRules(max_kept_forms=2, draft_days=10)
    moved = world.clock() + timedelta(days=11)
    database = world.running.service.database
    forms = KeptForms(database, world.clock, rules)
    for form in await forms.of_company(2):
        await forms.drop(2, form.id)
    await forms.keep(2, "draft", "", {"articles": "Kites  of paper"}, by="shipper2")
    await forms.keep(2, "template", "", {"articles": "Drums"}, by="shipper2")
    with pytest.raises(CannotBeKept):
        await forms.keep(2, "template", "", {"articles": "Bells"}, by="shipper2")
    assert [(form.kind, form.name) for form in await forms.of_company(2)] == [
        ("draft", "Kites of paper"),
        ("template", "Drums"),
    ]
    await KeptForms(database, lambda: moved, rules).sweep()
    assert [form.name for form in await forms.of_company(2)] == ["Drums"]


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_the_form_with_what_is_kept_is_legible(
    chromium: Browser, portal: Portal, language: str
) -> None:
    path, _ = await keep(portal, "draft", **ITEMS)
    visit = await portal.visit(SHIPPER)
    context = await browser_of(chromium, portal, visit, language)
    page = await context.new_page()
    await page.goto(portal.url + path)
    assert await page.locator("html").get_attribute("lang") == language
    for width, height in ((390, 844), (1280, 900)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(ACCESSIBLE) == [], width
    await page.locator('button[value="template"]').click()
    await page.locator(".notice").wait_for()
    assert await page.locator('a[href*="?kept="]').count() >= 2
    await context.close()
