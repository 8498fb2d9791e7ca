"""A company's own cargo: the list, one consignment with its history, its slip, withdrawing it."""

from __future__ import annotations

import io
from typing import cast, get_args
from urllib.parse import urlencode

import segno
from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.cargo.messages import ConsignmentState
from rocars.cargo.own_cargo import LOOKED_THROUGH, STATES, OwnConsignment, Wanted
from rocars.entrance.web_login import WebVisitor
from rocars.portal.barcode import code_128
from rocars.portal.guard import action, page
from rocars.portal.rendering import refusal, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Problem


def routes(base: str = "") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin."""
    return [
        web.get(f"{base}/consignments", page("shipper", _list)),
        web.get(f"{base}/consignments/{{ccrn}}", page("shipper", _show)),
        web.get(f"{base}/consignments/{{ccrn}}/slip", page("shipper", _slip)),
        web.get(f"{base}/consignments/{{ccrn}}/qr.svg", page("shipper", _qr)),
        web.get(f"{base}/consignments/{{ccrn}}/barcode.svg", page("shipper", _barcode)),
        web.post(f"{base}/consignments/{{ccrn}}/withdraw", action("shipper", _withdraw)),
    ]


async def own(request: web.Request, visitor: WebVisitor) -> OwnConsignment:
    """The consignment of the address. Raises Problem UNKNOWN_CCRN."""
    service = request.app[SITE].service
    return await service.own_cargo.get(visitor.company_id, request.match_info["ccrn"][:32])


async def _list(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    query = request.query
    state = query.get("state", "")
    before = query.get("before", "")
    wanted = Wanted(
        text=query.get("text", "").strip()[:120],
        state=cast(ConsignmentState, state) if state in get_args(ConsignmentState) else None,
        before=int(before) if before.isascii() and before.isdecimal() and len(before) < 10 else 0,
    )
    lots, place = await request.app[SITE].service.own_cargo.search(visitor.company_id, wanted)
    older = ""
    if place:
        older = urlencode({"text": wanted.text, "state": state, "before": place})
    return render(
        request,
        "consignments.html.j2",
        visitor,
        lots=lots,
        wanted=wanted,
        states=STATES,
        older=older,
        looked_through=LOOKED_THROUGH,
    )


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return render(request, "consignment.html.j2", visitor, lot=await own(request, visitor))


async def _slip(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return render(request, "slip.html.j2", visitor, lot=await own(request, visitor))


async def _qr(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    """The CCRN for a scanner, which types it as a keyboard would (ISO/IEC 18004)."""
    lot = await own(request, visitor)
    drawing = io.BytesIO()
    segno.make_qr(lot.ccrn, error="m").save(drawing, kind="svg", scale=8, border=4)
    return web.Response(body=drawing.getvalue(), content_type="image/svg+xml")


async def _barcode(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    """The same for a scanner that reads lines only."""
    lot = await own(request, visitor)
    return web.Response(text=code_128(lot.ccrn), content_type="image/svg+xml")


async def _withdraw(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    ccrn = request.match_info["ccrn"][:32]
    try:
        await site.service.consignments.withdraw(visitor.company, ccrn, by=visitor.user_id)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        await site.tell(visitor, refusal(request, refused), bad=True)
    else:
        await site.tell(visitor, words_for(request)("Withdrawn. Nobody can bundle it any more."))
    raise web.HTTPSeeOther(f"{visitor.base}/consignments/{ccrn}")


PAGES: PageModule[str] = PageModule(
    routes, entries=(Entry("/consignments", "Consignments", "shipper"),)
)
