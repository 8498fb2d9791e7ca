"""A whole set at once: the script for a voice artist, and what comes back from the studio."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from ivr.console.door.guard import action, page
from ivr.console.faults import message_for
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.console.working import still_there
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from ivr.studio.importing import opened, take_in
from ivr.studio.script_book import as_csv, file_name
from speech.languages.language import Language

SET = f"/prompts/{{language:{'|'.join(Language)}}}"


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{SET}/script.csv", page(Role.VIEWER, _csv)),
        web.get(f"{SET}/script", page(Role.VIEWER, _script)),
        web.post("/prompts/sets/{batch}/undo", action(Role.OPERATOR, _undo)),
        web.post(f"{SET}/import", action(Role.OPERATOR, _import, largest=_largest_set)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


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
    )


def _largest_set(request: web.Request) -> int:
    return int(request.app[SITE].rules.largest_set_mb * 1e6)


async def _import(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    language = Language(request.match_info["language"])
    largest = int(site.settings.prompts.takes.largest_mb * 1e6)
    clips = await site.studio.of(language)
    async with site.importing:
        if not still_there(request):  # gone before its turn came: nothing of it was begun
            raise web.HTTPRequestTimeout
        files = opened(form.each("set"), largest)
        imported = await take_in(site.intake, visitor.person.name, clips, files, largest)
    return render(
        request,
        "imported.html.j2",
        visitor,
        imported=imported,
        tongue=language,
        broken=imported.broken.message(_) if imported.broken is not None else "",
        why=lambda refusal: message_for(refusal, _),
        status=200 if imported.taken else 400,
    )


async def _undo(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """All drafts of a set are discarded, by the operator who brought it or a reviewer."""
    site, _ = request.app[SITE], words_for(request)
    batch, by = request.match_info["batch"], visitor.person
    versions = await site.versions.batch_of(batch)
    if not versions:
        return error_page(request, 404, visitor)
    if any(version.made_by != by.name for version in versions) and not by.role.may(Role.REVIEWER):
        tell(request, _("Only a reviewer discards what others have made."), bad=True)
        raise web.HTTPSeeOther("/prompts/waiting")
    gone = await site.versions.undo_batch(by.name, batch)
    left = len(versions) - gone
    tell(request, _("The set is undone: %(count)d drafts discarded.") % {"count": gone})
    if left:
        tell(request, _("%(count)d were reviewed or discarded before.") % {"count": left})
    raise web.HTTPSeeOther("/prompts/waiting")
