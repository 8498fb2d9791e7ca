"""Direct input: lodging one consignment, anew, as a copy or from a draft or template, and amending
it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from rocars.cargo.batch.items import RowError
from rocars.cargo.batch.result_files import message_for
from rocars.cargo.kept_forms import CannotBeKept, FormKind
from rocars.cargo.messages import ConsignmentData
from rocars.entrance.web_login import WebVisitor
from rocars.portal.fields import FIELDS, filled, read
from rocars.portal.form_key import key_of, new_key
from rocars.portal.guard import action, page
from rocars.portal.pages.consignments import own
from rocars.portal.rendering import lodged_before, refusal, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem

_LONGEST = 2000
"""Characters of one field that are kept: more than any may have."""


def routes(base: str = "") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin."""
    return [
        web.get(f"{base}/lodge", page("shipper", _empty)),
        web.post(f"{base}/lodge", action("shipper", _lodge)),
        web.post(f"{base}/lodge/keep", action("shipper", _keep)),
        web.post(f"{base}/lodge/kept/{{kept}}/delete", action("shipper", _delete)),
        web.get(f"{base}/consignments/{{ccrn}}/amend", page("shipper", _amending)),
        web.post(f"{base}/consignments/{{ccrn}}/amend", action("shipper", _amend)),
    ]


async def _form(
    request: web.Request,
    visitor: WebVisitor,
    values: Mapping[str, str],
    *,
    ccrn: str = "",
    key: str = "",
    errors: list[RowError] | None = None,
    kept: int | None = None,
    problem: str = "",
) -> web.Response:
    """The form, and above it everything that is wrong with what was sent. `kept` is the number of
    the draft or template it is filled in from."""
    say = words_for(request)
    wrong = {error.item: message_for(error, say) for error in errors or []}
    service = request.app[SITE].service
    return render(
        request,
        "lodge.html.j2",
        visitor,
        status=422 if wrong or problem else 200,
        problem=problem,
        kept=kept,
        kept_forms=() if ccrn else await service.kept_forms.of_company(visitor.company_id),
        fields=FIELDS,
        values=values,
        wrong=wrong,
        ccrn=ccrn,
        key=key or new_key(),
        dates=service.consignments.dates(service.clock()),
    )


async def _empty(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    service = request.app[SITE].service
    if copied := request.query.get("copy", ""):
        lot = await service.own_cargo.get(visitor.company_id, copied[:32])
        return await _form(request, visitor, filled(lot.data) | {"expected_date": ""})
    if "kept" not in request.query:
        return await _form(request, visitor, {})
    number = number_in(request.query["kept"])
    kept = None
    if number is not None:
        kept = await service.kept_forms.get(visitor.company_id, number)
    if kept is None:
        raise web.HTTPNotFound
    values = {**kept.items}
    if kept.kind == "template":
        values["expected_date"] = ""
    return await _form(request, visitor, values, kept=kept.id)


def _judged(
    request: web.Request, visitor: WebVisitor, form: Form
) -> ConsignmentData | list[RowError]:
    service = request.app[SITE].service
    return read(form.fields, visitor.company, service.consignments.dates(service.clock()))


async def _lodge(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    key = key_of(form)
    data = _judged(request, visitor, form)
    kept = number_in(form.text("kept"))
    if isinstance(data, list):
        return await _form(request, visitor, form.fields, key=key, errors=data, kept=kept)
    try:
        lodged = await site.service.consignments.lodge(data, key=key)
    except Problem as reused:
        if reused.code is not Code.IDEMPOTENCY_KEY_REUSED:
            raise
        problem = lodged_before(reused, words_for(request))
        return await _form(request, visitor, form.fields, kept=kept, problem=problem)
    if kept is not None:
        await site.service.kept_forms.drop(visitor.company_id, kept, only="draft")
    await site.tell(visitor, words_for(request)("Lodged. Give this number to the driver."))
    raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lodged.ccrn}")


async def _keep(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    """As it is, right or wrong: it is judged when it is lodged."""
    site = request.app[SITE]
    _ = words_for(request)
    kept = number_in(form.text("kept"))
    items = {field.name: form.text(field.name)[:_LONGEST] for field in FIELDS}
    kind: FormKind = "template" if form.text("as") == "template" else "draft"
    try:
        await site.service.kept_forms.keep(
            visitor.company_id,
            kind,
            form.text("name"),
            items,
            by=visitor.user_id,
            instead=kept,
        )
    except CannotBeKept as why:
        key, problem = form.text("key"), why.message(_)
        return await _form(request, visitor, form.fields, key=key, kept=kept, problem=problem)
    await site.tell(visitor, _("Kept, not lodged. It stands below the form."))
    raise web.HTTPSeeOther(f"{visitor.base}/lodge")


async def _delete(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    number = number_in(request.match_info["kept"])
    if number is None or not await site.service.kept_forms.drop(visitor.company_id, number):
        raise web.HTTPNotFound
    await site.tell(visitor, words_for(request)("Deleted."))
    raise web.HTTPSeeOther(f"{visitor.base}/lodge")


async def _amending(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    lot = await own(request, visitor)
    if not lot.changeable:
        raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lot.ccrn}")
    return await _form(request, visitor, filled(lot.data), ccrn=lot.ccrn)


async def _amend(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    lot = await own(request, visitor)
    data = _judged(request, visitor, form)
    if isinstance(data, list):
        return await _form(request, visitor, form.fields, ccrn=lot.ccrn, errors=data)
    try:
        await site.service.consignments.amend(lot.ccrn, data, by=visitor.user_id)
    except Problem as refused:
        await site.tell(visitor, refusal(request, refused), bad=True)
    else:
        await site.tell(visitor, words_for(request)("Amended."))
    raise web.HTTPSeeOther(f"{visitor.base}/consignments/{lot.ccrn}")


PAGES: PageModule[str] = PageModule(routes, entries=(Entry("/lodge", "Lodge", "shipper"),))
