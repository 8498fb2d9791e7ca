"""How ROCARS works, to be read before it is used: for shippers, for drivers, and at the boundary.
Open to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from ground.web.navigation import PageModule
from rocars.crossing.instructions import Instruction
from rocars.crossing.web.site import WORDS as BOUNDARY_WORDS
from rocars.crossing.web.texts import DETAILS, HEADLINES
from rocars.portal.rendering import WORDS, render, words_for
from rocars.portal.site import SITE

EXAMPLE_TIME = "09:31"
"""Stands on the boards of these pages where a true one has the time of the driver."""


@dataclass(frozen=True)
class Topic:
    """One page. `steps` are in English; `%(days)d` and `%(minutes)d` are those of the rules."""

    title: str
    steps: tuple[str, ...]
    boards: bool = False


TOPICS: Mapping[str, Topic] = {
    "shippers": Topic(
        "For shippers",
        (
            "Lodge every consignment that crosses by truck, at most %(days)d days before its "
            "expected date.",
            "Eight items are needed: number and description of the packages, the articles in them, "
            "name and address of consignor and of consignee, and the expected date.",
            "You get a customs cargo reference number (CCRN). Give it to the driver: print the "
            "slip, or send it by e-mail.",
            "Change what you lodged while it is not bundled. If it is bundled: the driver "
            "unbundles it, you amend it, the driver bundles it again.",
            "For many consignments upload a file, or connect your own system.",
            "An agent may do all of this for you, once you consent on the page Agents.",
        ),
    ),
    "drivers": Topic(
        "For drivers",
        (
            "Have your user ID, your PIN and your security token ready. The token shows a code; "
            "each code counts once.",
            "Bundle the CCRNs of all your cargo with the Hong Kong registration mark of your "
            "vehicle: by telephone, on this web, or at a kiosk.",
            "Bundle at least %(minutes)d minutes before you reach the control point.",
            "You are told the unique bundling reference (UBR), and whether you may cross at once "
            "or from when.",
            "Other cargo, or another vehicle? Unbundle, then bundle anew.",
            "Without cargo there is nothing to bundle: press Unladen vehicle at the control point.",
            "Keep your token safe. Who finds it cannot use it without your PIN; tell the hotline "
            "all the same.",
        ),
    ),
    "boundary": Topic(
        "At the control point",
        (
            "A camera reads your registration mark. Keep your plates clean.",
            "The board over your lane says what to do, in three languages by turns.",
            "An officer may decide otherwise; the board shows that too.",
        ),
        boards=True,
    ),
}
MEANINGS: Mapping[Instruction, str] = {
    Instruction.PROCEED: "Drive on. Your bundle has ended: it has crossed.",
    Instruction.PROCEED_UNLADEN: "Drive on.",
    Instruction.EXAMINE: "Drive to the examination bay, and wait for an officer there.",
    Instruction.TOO_EARLY: "You bundled too short a while ago. Come again at the time it shows.",
    Instruction.NO_BUNDLE: "Bundle your cargo first, or press Unladen vehicle.",
    Instruction.DOUBTFUL: "Your registration mark could not be read. Wait for an officer.",
    Instruction.LANE_CLOSED: "Take another lane.",
}
"""What a driver does when the board shows it."""


def routes() -> list[web.RouteDef]:
    return [web.get("/learn", _contents), web.get("/learn/{topic}", _topic)]


async def _contents(request: web.Request) -> web.StreamResponse:
    return render(request, "learn.html.j2", None, topics=TOPICS)


async def _topic(request: web.Request) -> web.StreamResponse:
    topic = TOPICS.get(request.match_info["topic"])
    if topic is None:
        raise web.HTTPNotFound
    _ = words_for(request)
    rules = request.app[SITE].service.settings.rules
    filled = {"days": rules.max_days_ahead, "minutes": rules.lead_minutes}
    return render(
        request,
        "learn_topic.html.j2",
        None,
        title=_(topic.title),
        steps=[_(step) % filled for step in topic.steps],
        boards=_boards(request) if topic.boards else (),
    )


def _boards(request: web.Request) -> list[tuple[str, str, str]]:
    """What stands on a board, and what it means."""
    _ = words_for(request)
    say = BOUNDARY_WORDS.catalogue(WORDS.language_of(request)).gettext
    shown = []
    for instruction, meaning in MEANINGS.items():
        detail = DETAILS.get(instruction, "")
        sentence = say(detail) % {"time": EXAMPLE_TIME} if detail else ""
        shown.append((say(HEADLINES[instruction]), sentence, _(meaning)))
    return shown


PAGES: PageModule[str] = PageModule(routes)
