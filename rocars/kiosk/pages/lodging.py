"""A shipper who walked in, or an agent for a client, lodges one consignment: judged as on the
portal, with a slip to print."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta

import segno
from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.cargo.batch.items import RowError
from rocars.cargo.batch.result_files import message_for
from rocars.cargo.own_cargo import OwnConsignment, Wanted
from rocars.entrance.web_login import WebVisitor
from rocars.kiosk.guard import action, page
from rocars.kiosk.site import SITE, render, words_for
from rocars.kiosk.visits import Visit
from rocars.portal.fields import FIELDS, filled, read
from rocars.portal.form_key import key_of, new_key
from rocars.portal.rendering import lodged_before
from rocars.refusals import Code, Problem

_COPIED = 3
"""So many earlier consignments are offered to be lodged alike."""


def routes(base: str = "") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin."""
    return [
        web.get(f"{base}/lodge", page("shipper", _empty)),
        web.post(f"{base}/lodge", action("shipper", _lodge)),
        web.get(f"{base}/consignments/{{ccrn}}", page("shipper", _show)),
        web.get(f"{base}/consignments/{{ccrn}}/qr.svg", page("shipper", _qr)),
    ]


def shipper_of(visit: Visit) -> WebVisitor:
    """The guard sees to it that a shipper is there."""
    if visit.shipper is None:
        raise Problem(Code.SESSION_EXPIRED)
    return visit.shipper


async def _form(
    request: web.Request,
    visit: Visit,
    values: Mapping[str, str],
    *,
    key: str = "",
    errors: list[RowError] | None = None,
    problem: str = "",
) -> web.Response:
    service = request.app[SITE].service
    say = words_for(request)
    wrong = {error.item: message_for(error, say) for error in errors or []}
    dates = service.consignments.dates(service.clock())
    earlier, _ = await service.own_cargo.search(shipper_of(visit).company_id, Wanted())
    return render(
        request,
        "lodge.html.j2",
        status=422 if wrong or problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        fields=FIELDS,
        values=values,
        wrong=wrong,
        problem=problem,
        key=key or new_key(),
        days=_days(dates.first, dates.last),
        earlier=earlier[:_COPIED],
    )


def _days(first: date, last: date) -> list[tuple[str, str]]:
    """The days that may be chosen: as sent, and as shown."""
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return [(day.isoformat(), f"{day:%m-%d}") for day in days]


async def _empty(request: web.Request, visit: Visit) -> web.StreamResponse:
    values: dict[str, str] = {}
    if copied := request.query.get("copy", ""):
        lot = await _own(request, visit, copied)
        values = filled(lot.data) | {"expected_date": ""}
    return await _form(request, visit, values)


async def _lodge(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    service = request.app[SITE].service
    key = key_of(form)
    dates = service.consignments.dates(service.clock())
    data = read(form.fields, shipper_of(visit).company, dates)
    if isinstance(data, list):
        return await _form(request, visit, form.fields, key=key, errors=data)
    try:
        lodged = await service.consignments.lodge(data, key=key)
    except Problem as reused:
        if reused.code is not Code.IDEMPOTENCY_KEY_REUSED:
            raise
        problem = lodged_before(reused, words_for(request))
        return await _form(request, visit, form.fields, problem=problem)
    raise web.HTTPSeeOther(f"{visit.base}/consignments/{lodged.ccrn}")


async def _own(request: web.Request, visit: Visit, ccrn: str) -> OwnConsignment:
    """Raises Problem UNKNOWN_CCRN, for another's as for none."""
    return await request.app[SITE].service.own_cargo.get(shipper_of(visit).company_id, ccrn[:32])


async def _show(request: web.Request, visit: Visit) -> web.StreamResponse:
    lot = await _own(request, visit, request.match_info["ccrn"])
    now = request.app[SITE].service.clock()
    return render(
        request,
        "lodged.html.j2",
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        lot=lot,
        now=now,
    )


async def _qr(request: web.Request, visit: Visit) -> web.StreamResponse:
    """The CCRN for a scanner, which types it as a keyboard would (ISO/IEC 18004)."""
    lot = await _own(request, visit, request.match_info["ccrn"])
    drawing = io.BytesIO()
    segno.make_qr(lot.ccrn, error="m").save(drawing, kind="svg", scale=8, border=4)
    return web.Response(body=drawing.getvalue(), content_type="image/svg+xml")


PAGES: PageModule[str] = PageModule(routes)
