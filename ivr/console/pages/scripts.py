"""A whole set at once: the script for a voice artist, and what comes back from the studio."""

from __future__ import annotations

from aiohttp import web

from ivr.console.door.forms import Form
from ivr.console.door.guard import action, page
from ivr.console.faults import told
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.records.people import Visitor
from ivr.records.roles import Role
from ivr.studio.importing import opened, take_in
from ivr.studio.script_book import as_csv, context, file_name
from speech.language import Language

SET = "/prompts/{language:yue|cmn|en}"


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{SET}/script.csv", page(Role.VIEWER, _csv)),
        web.get(f"{SET}/script", page(Role.VIEWER, _script)),
        web.post(f"{SET}/import", action(Role.OPERATOR, _import, largest=_largest_set)),
    ]


async def _csv(request: web.Request, visitor: Visitor) -> web.Response:
    language = Language(request.match_info["language"])
    return web.Response(
        text=as_csv(await request.app[SITE].studio.of(language)),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="script-{language}.csv"'},
    )


async def _script(request: web.Request, visitor: Visitor) -> web.Response:
    language = Language(request.match_info["language"])
    return render(
        request,
        "script.html.j2",
        visitor,
        clips=await request.app[SITE].studio.of(language),
        tongue=language,
        file_name=file_name,
        context=context,
    )


def _largest_set(request: web.Request) -> int:
    return int(request.app[SITE].rules.largest_set_mb * 1e6)


async def _import(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    language = Language(request.match_info["language"])
    largest = int(site.settings.prompts.takes.largest_mb * 1e6)
    clips = await site.studio.of(language)
    files = opened(form.each("set"), largest)
    imported = await take_in(site.intake, visitor.person.name, clips, files, largest)
    return render(
        request,
        "imported.html.j2",
        visitor,
        imported=imported,
        tongue=language,
        numbers=await site.studio.numbers(),
        why=lambda refusal: told(refusal, _),
        status=200 if imported.taken else 400,
    )
