"""A kiosk in training: the exercises of the course there, over the pages of real use.

The course is that of the portal, with data and trainees of its own, and without amending, which
kiosks do not offer.
"""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.entrance.web_login import WebVisitor
from rocars.kiosk.guard import action, page
from rocars.kiosk.pages import account, bundling, lodging
from rocars.kiosk.pages.lodging import shipper_of
from rocars.kiosk.site import SITE, TRAINING, WORDS, render, words_for
from rocars.kiosk.visits import Visit
from rocars.portal.fields import FIELDS
from rocars.portal.pages.course import MEANINGS, board_shown
from rocars.training.course import ANSWERS, TO_LODGE, Course, Trainee


def routes() -> list[web.RouteDef]:
    """Below `TRAINING`."""
    return [
        *account.routes(account.TRAINEES),
        web.get("/", page("trainee", _show)),
        web.post("/drive-up", action("trainee", _drive_up)),
        web.post("/", action("trainee", _answer)),
        web.post("/again", action("trainee", _again)),
        *lodging.routes(),
        *bundling.routes(),
    ]


def _there(request: web.Request, visit: Visit) -> tuple[Course, WebVisitor, Trainee]:
    """The course, who takes it, and who they are on the training ground."""
    course = request.app[SITE].course
    if course is None or visit.trainee is None:
        raise web.HTTPNotFound
    return course, shipper_of(visit), visit.trainee


async def _show(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _shown(request, visit)


async def _shown(
    request: web.Request, visit: Visit, *, notice: str = "", bad: bool = False
) -> web.Response:
    course, trained, trainee = _there(request, visit)
    progress = await course.progress(trained.account_id, trainee)
    language = WORDS.language_of(request)
    return render(
        request,
        "training.html.j2",
        csrf=visit.csrf,
        notice=notice,
        bad=bad,
        progress=progress,
        trainee=trainee,
        to_lodge=[(field.name, TO_LODGE[field.name]) for field in FIELDS if field.name in TO_LODGE],
        due=course.due(),
        board=board_shown(language, progress.board) if progress.board else None,
        answers=[(answer, MEANINGS[answer]) for answer in ANSWERS],
    )


async def _drive_up(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    course, trained, trainee = _there(request, visit)
    await course.drive_up(trained.account_id, trainee)
    raise web.HTTPSeeOther(f"{TRAINING}/#board")


async def _answer(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    course, trained, _trainee = _there(request, visit)
    _ = words_for(request)
    if await course.answer(trained.account_id, form.text("answer")):
        return await _shown(request, visit, notice=_("Right. You have done the course."))
    notice = _("That is not what the board means. Read it again.")
    return await _shown(request, visit, notice=notice, bad=True)


async def _again(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    course, trained, _trainee = _there(request, visit)
    await course.begin_again(trained.account_id)
    raise web.HTTPSeeOther(f"{TRAINING}/")


PAGES: PageModule[str] = PageModule(routes)
