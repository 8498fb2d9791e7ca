"""Direct input: lodging one consignment, anew or as a copy, and amending it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.cargo.batch.items import RowError
from rocars.cargo.batch.result_files import message_for
from rocars.cargo.messages import ConsignmentData
from rocars.entrance.web_login import WebVisitor
from rocars.portal.fields import FIELDS, filled, read
from rocars.portal.guard import action, page
from rocars.portal.pages.consignments import own
from rocars.portal.rendering import refusal, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def routes(base: str = "") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin."""
    return [
        web.get(f"{base}/lodge", page("shipper", _empty)),
        web.post(f"{base}/lodge", action("shipper", _lodge)),
        web.get(f"{base}/consignments/{{ccrn}}/amend", page("shipper", _amending)),
        web.post(f"{base}/consignments/{{ccrn}}/amend", action("shipper", _amend)),
    ]


def _form(
    request: web.Request,
    visitor: WebVisitor,
    values: Mapping[str, str],
    *,
    ccrn: str = "",
    key: str = "",
    errors: list[RowError] | None = None,
) -> web.Response:
    """The form, and above it everything that is wrong with what was sent."""
    say = words_for(request)
    wrong = {error.item: message_for(error, say) for error in errors or []}
    service = request.app[SITE].service
    return render(
        request,
        "lodge.html.j2",
        visitor,
        status=422 if wrong else 200,
        fields=FIELDS,
        values=values,
        wrong=wrong,
        ccrn=ccrn,
        key=key or secrets.token_urlsafe(16),
        dates=service.consignments.dates(service.clock()),
    )


async def _empty(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    values: dict[str, str] = {}
    if copied := request.query.get("copy", ""):
        lot = await request.app[SITE].service.own_cargo.get(visitor.company_id, copied[:32])
        values = filled(lot.data) | {"expected_date": ""}
    return _form(request, visitor, values)


def _judged(
    request: web.Request, visitor: WebVisitor, form: Form
) -> ConsignmentData | list[RowError]:
    service = request.app[SITE].service
    return read(form.fields, visitor.company, service.consignments.dates(service.clock()))


async def _lodge(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    key = form.text("key")
    if not _KEY.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    data = _judged(request, visitor, form)
    if isinstance(data, list):
        return _form(request, visitor, form.fields, key=key, errors=data)
    lodged = await site.service.consignments.lodge(data, key=key)
    await site.tell(visitor, words_for(request)("Lodged. Give this number to the driver."))
    raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lodged.ccrn}")


async def _amending(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    lot = await own(request, visitor)
    if not lot.changeable:
        raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lot.ccrn}")
    return _form(request, visitor, filled(lot.data), ccrn=lot.ccrn)


async def _amend(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    lot = await own(request, visitor)
    data = _judged(request, visitor, form)
    if isinstance(data, list):
        return _form(request, visitor, form.fields, ccrn=lot.ccrn, errors=data)
    try:
        await site.service.consignments.amend(lot.ccrn, data, by=visitor.user_id)
    except Problem as refused:
        await site.tell(visitor, refusal(request, refused), bad=True)
    else:
        await site.tell(visitor, words_for(request)("Amended."))
    raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lot.ccrn}")


PAGES: PageModule[str] = PageModule(routes, entries=(Entry("/lodge", "Lodge", "shipper"),))
