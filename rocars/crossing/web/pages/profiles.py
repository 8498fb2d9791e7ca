"""Risk profiles: made and withdrawn by analysts, with their validity and their hits."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.clock import HONG_KONG, in_hong_kong
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.crossing.risk import Condition, WrongCondition
from rocars.crossing.web import texts
from rocars.crossing.web.site import ACCESS, NOTICES, ROOT, SITE, WORDS, render

CONDITIONS = 4
"""Rows of the form; what is left empty does not count."""

_FORM = "%Y-%m-%dT%H:%M"


async def _page(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    return await _show(request, visitor, {})


async def _show(
    request: web.Request, visitor: OfficerVisitor, written: dict[str, str], problem: str = ""
) -> web.StreamResponse:
    site = request.app[SITE]
    now = in_hong_kong(site.clock())
    return render(
        request,
        "profiles.html.j2",
        visitor,
        status=400 if problem else 200,
        profiles=await site.profiles.all(),
        written=defaultdict(str, written),
        problem=problem,
        rows=range(1, CONDITIONS + 1),
        items=tuple(texts.ITEMS),
        tests=tuple(texts.TESTS),
        scopes=tuple(texts.SCOPES),
        begins=now.strftime(_FORM),
        ends=(now + timedelta(days=30)).strftime(_FORM),
    )


async def _add(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    try:
        number = await site.profiles.add(
            visitor.name,
            name=form.text("name"),
            scope=form.text("scope"),
            conditions=[
                Condition(form.text(f"item{row}"), form.text(f"test{row}"), value)
                for row in range(1, CONDITIONS + 1)
                if (value := form.text(f"value{row}"))
            ],
            valid_from=_moment(form.text("valid_from")),
            valid_until=_moment(form.text("valid_until")),
            reason=form.text("reason"),
        )
    except WrongCondition as wrong:
        problem = _(wrong.text) % wrong.filled if wrong.filled else _(wrong.text)
        return await _show(request, visitor, dict(form.fields), problem)
    NOTICES.tell(request, _("Profile %(number)d is kept.") % {"number": number})
    raise web.HTTPSeeOther(f"{ROOT}/profiles")


def _moment(text: str) -> datetime:
    """A moment as a browser's field gives it, Hong Kong time. Raises WrongCondition."""
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=HONG_KONG)
    except ValueError:
        raise WrongCondition("a profile has to end after it begins, and not in the past") from None


async def _withdraw(
    request: web.Request, visitor: OfficerVisitor, form: Form
) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    number = int(request.match_info["number"])
    if not form.text("reason"):
        NOTICES.tell(request, _("A reason is needed."), bad=True)
    elif await site.profiles.withdraw(visitor.name, number, form.text("reason")):
        NOTICES.tell(request, _("Profile %(number)d is withdrawn.") % {"number": number})
    else:
        NOTICES.tell(request, _("There is no such profile in force."), bad=True)
    raise web.HTTPSeeOther(f"{ROOT}/profiles")


PROFILES: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/profiles", ACCESS.page(OfficerRole.ANALYST, _page)),
        web.post("/profiles", ACCESS.action(OfficerRole.ANALYST, _add)),
        web.post(
            "/profiles/{number:[0-9]{1,9}}/withdraw", ACCESS.action(OfficerRole.ANALYST, _withdraw)
        ),
    ],
    (Entry(f"{ROOT}/profiles", "Risk profiles", OfficerRole.ANALYST),),
)
