"""The course for shippers: its steps, and the board that a trainee reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry
from rocars.clock import in_hong_kong
from rocars.crossing.instructions import Instruction
from rocars.crossing.web.site import WORDS as BOUNDARY_WORDS
from rocars.crossing.web.texts import DETAILS, HEADLINES
from rocars.entrance.web_login import WebVisitor
from rocars.portal.fields import FIELDS
from rocars.portal.guard import action, page
from rocars.portal.rendering import WORDS, render, words_for
from rocars.portal.site import SITE
from rocars.training.course import ANSWERS, PACKAGES_AFTER, TO_LODGE, Course

ENTRY: Entry[str] = Entry("/course/", "Course", "shipper")
MEANINGS = {
    "proceed": "cross now",
    "wait": "not cross before the time that is shown",
    "examination": "drive to the examination bay",
    "bundle": "bundle the cargo first",
    "officer": "wait for an officer",
}
"""Of the answers, in English."""


def routes() -> list[web.RouteDef]:
    """Below the address of the training ground."""
    return [
        web.get("/", page("shipper", _show)),
        web.post("/drive-up", action("shipper", _drive_up)),
        web.post("/answer", action("shipper", _answer)),
        web.post("/again", action("shipper", _again)),
    ]


def _course(request: web.Request) -> Course:
    course = request.app[SITE].course
    if course is None:
        raise web.HTTPNotFound
    return course


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    course = _course(request)
    trainee = await course.trainee(visitor.account_id)
    progress = await course.progress(visitor.account_id, trainee)
    return render(
        request,
        "course.html.j2",
        visitor,
        steps=progress.steps,
        progress=progress,
        trainee=trainee,
        to_lodge=[(field.name, TO_LODGE[field.name]) for field in FIELDS if field.name in TO_LODGE],
        due=course.due(),
        packages_after=PACKAGES_AFTER,
        board=board_shown(WORDS.language_of(request), progress.board) if progress.board else None,
        answers=[(answer, MEANINGS[answer]) for answer in ANSWERS],
    )


def board_shown(language: str, kept: Mapping[str, Any]) -> dict[str, str]:
    """What the board of the lane shows, in the words of the boundary. `kept`: `Progress.board`."""
    say = BOUNDARY_WORDS.catalogue(language).gettext
    instruction = Instruction(kept["instruction"])
    time = ""
    if kept["cross_from"]:
        time = f"{in_hong_kong(datetime.fromisoformat(kept['cross_from'])):%H:%M}"
    detail = DETAILS.get(instruction, "")
    return {
        "headline": say(HEADLINES[instruction]),
        "detail": say(detail) % {"time": time} if detail else "",
    }


async def _drive_up(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    course = _course(request)
    await course.drive_up(visitor.account_id, await course.trainee(visitor.account_id))
    raise web.HTTPSeeOther("/course/#board")


async def _answer(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    _ = words_for(request)
    right = await _course(request).answer(visitor.account_id, form.text("answer"))
    if right:
        await request.app[SITE].tell(visitor, _("Right. You have done the course."))
    else:
        text = _("That is not what the board means. Read it again.")
        await request.app[SITE].tell(visitor, text, bad=True)
    raise web.HTTPSeeOther("/course/")


async def _again(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    await _course(request).begin_again(visitor.account_id)
    raise web.HTTPSeeOther("/course/")
