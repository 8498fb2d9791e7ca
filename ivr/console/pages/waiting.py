"""What waits to be reviewed or made live, page by page, heard and accepted one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web
from yarl import URL

from ground.web.forms import number_in
from ground.web.navigation import PageModule
from ivr.console.door.guard import page
from ivr.console.rendering import render
from ivr.console.site import SITE
from ivr.records.prompt_tables import PromptVersion, VersionState
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from speech.languages.language import Language

WAITING = (VersionState.DRAFT, VersionState.REVIEWED)
ON_A_PAGE = 50

FIELDS = {"state": "State", "language": "Language", "after": "Next page"}
"""What can be asked for and not be understood, and how the page calls it."""


def routes() -> list[web.RouteDef]:
    return [web.get("/prompts/waiting", page(Role.VIEWER, _waiting))]


PAGES: PageModule[Role] = PageModule(routes)


async def _waiting(request: web.Request, visitor: Visitor) -> web.Response:
    return await waiting_page(request, visitor, request.query)


async def waiting_page(
    request: web.Request, visitor: Visitor, wanted: Mapping[str, str], *, status: int = 200
) -> web.Response:
    """Drafts to be reviewed, and reviewed versions that are not live yet.

    A page begins after the version `after`, not at a number: what is accepted may leave the search,
    and nothing is to be skipped for it.
    """
    site = request.app[SITE]
    problems = not_understood(wanted)
    found = [] if problems else await found_waiting(request, wanted)
    after = number_in(wanted.get("after", "")) or 0
    here = [version for version in found if version.version_id > after]
    shown, rest = here[:ON_A_PAGE], here[ON_A_PAGE:]
    query = {name: wanted.get(name, "") for name in ("state", "language", "find")}
    address = URL("/prompts/waiting")
    following = address.with_query(query | {"after": str(shown[-1].version_id)}) if rest else None
    return render(
        request,
        "waiting.html.j2",
        visitor,
        waiting=shown,
        count=len(found),
        before=len(found) - len(here),
        first_page=address.with_query(query) if after else None,
        next_page=following,
        given=query,
        name=wanted.get("name", ""),
        problems=[FIELDS[problem] for problem in problems],
        tongues=list(Language),
        states=WAITING,
        numbers=await site.studio.numbers(),
        releases=await site.releases.newest(10),
        status=400 if problems else status,
    )


def not_understood(wanted: Mapping[str, str]) -> list[str]:
    """The fields that ask for what there is not."""
    known: dict[str, Sequence[str]] = {"state": list(WAITING), "language": list(Language)}
    problems = [
        name for name, values in known.items() if wanted.get(name) and wanted[name] not in values
    ]
    if wanted.get("after") and number_in(wanted["after"]) is None:
        problems.append("after")
    return problems


async def found_waiting(request: web.Request, wanted: Mapping[str, str]) -> Sequence[PromptVersion]:
    """What waits and fits the fields `state`, `language` and `find`; empty ones fit all."""
    site = request.app[SITE]
    numbers = await site.studio.numbers()
    state, language = wanted.get("state", ""), wanted.get("language", "")
    looked_for = wanted.get("find", "").strip().lower()

    def fits(version: PromptVersion) -> bool:
        texts = (version.clip, version.words, version.made_by, str(numbers.get(version.clip, "")))
        return (
            (not state or version.state == state)
            and (not language or version.language == language)
            and (not looked_for or any(looked_for in text.lower() for text in texts))
        )

    return [version for version in await site.versions.in_state(*WAITING) if fits(version)]
