"""Shippers' systems: lodging and amending cargo data. A company's key sees and touches its own, and
that of the clients who consented to its company as their agent."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.cargo.batches import Keep
from rocars.cargo.messages import BatchReceipt, ConsignmentData, ConsignmentRecord, Lodged
from rocars.messages import Done
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.systems.keys import ANY_RIGHT, Right

SHIPPERS = EndpointGroup(Role.SHIPPER, Role.ADMIN)

_CCRN = Parameter("ccrn", "Customs cargo reference number.")
_COMPANY = Parameter("company", "Registration number of the company that lodges.")
_BATCH = Parameter("batch", "Number of the batch, as answered when the file was taken.")
_KEEPS: dict[str, Keep] = {"all": "all", "good": "good"}
_YES_NO = {"yes": True, "no": False}
_DATA_PROBLEMS = (Code.DATE_PAST, Code.TOO_EARLY_TO_LODGE, Code.UNKNOWN_COMPANY)


@SHIPPERS.endpoint(
    "lodge",
    "POST",
    "/v1/consignments",
    "Lodge cargo data; answered with its CCRN",
    status=201,
    body=ConsignmentData,
    rights=frozenset({Right.LODGE}),
    problems=(*_DATA_PROBLEMS, Code.COMPANY_REFUSED),
)
async def lodge(incoming: Incoming) -> Lodged:
    data = incoming.body_as(ConsignmentData)
    await incoming.acting_for(data.company)
    return await incoming.service.consignments.lodge(data)


@SHIPPERS.endpoint(
    "amend",
    "PUT",
    "/v1/consignments/{ccrn}",
    "Replace the data of cargo that is not bundled",
    body=ConsignmentData,
    rights=frozenset({Right.CHANGE}),
    path_parameters=(_CCRN,),
    problems=(
        *_DATA_PROBLEMS,
        Code.COMPANY_REFUSED,
        Code.UNKNOWN_CCRN,
        Code.CARGO_IN_BUNDLE,
        Code.CARGO_CROSSED,
        Code.CARGO_WITHDRAWN,
    ),
)
async def amend(incoming: Incoming) -> Lodged:
    data = incoming.body_as(ConsignmentData)
    await incoming.acting_for(data.company)
    return await incoming.service.consignments.amend(
        incoming.path["ccrn"], data, by=incoming.done_by
    )


@SHIPPERS.endpoint(
    "withdraw",
    "POST",
    "/v1/consignments/{ccrn}/withdraw",
    "Take back cargo that is not bundled: nobody can bundle it any more",
    rights=frozenset({Right.CHANGE}),
    path_parameters=(_CCRN,),
    query=(_COMPANY,),
    problems=(
        Code.COMPANY_REFUSED,
        Code.UNKNOWN_COMPANY,
        Code.UNKNOWN_CCRN,
        Code.CARGO_IN_BUNDLE,
        Code.CARGO_CROSSED,
        Code.CARGO_WITHDRAWN,
    ),
)
async def withdraw(incoming: Incoming) -> Done:
    company = incoming.query["company"]
    await incoming.acting_for(company)
    await incoming.service.consignments.withdraw(
        company, incoming.path["ccrn"], by=incoming.done_by
    )
    return Done()


@SHIPPERS.endpoint(
    "readConsignment",
    "GET",
    "/v1/consignments/{ccrn}",
    "All that is held of a consignment",
    rights=frozenset({Right.READ}),
    path_parameters=(_CCRN,),
    problems=(Code.UNKNOWN_CCRN,),
)
async def consignment(incoming: Incoming) -> ConsignmentRecord:
    return await incoming.service.consignments.record(
        incoming.path["ccrn"], of=await incoming.readable()
    )


@SHIPPERS.endpoint(
    "lodgeFile",
    "POST",
    "/v1/batches",
    "Lodge a file of many consignments, CSV or XML; answered with their CCRNs or what is wrong",
    status=201,
    uploads=("text/csv", "application/xml"),
    largest=lambda settings: settings.batch.max_bytes,
    rights=frozenset({Right.LODGE}),
    query=(
        _COMPANY,
        Parameter("keep", "`all`: all consignments or none; `good`: those without an error."),
        Parameter("again", "`yes` lodges a file that was lodged before; otherwise `no`."),
    ),
    problems=(Code.COMPANY_REFUSED, Code.UNKNOWN_COMPANY, Code.FILE_REPEATED),
)
async def lodge_file(incoming: Incoming) -> BatchReceipt:
    await incoming.acting_for(incoming.query["company"])
    keep = _KEEPS.get(incoming.query["keep"])
    if keep is None:
        raise Problem(Code.INVALID_REQUEST, "keep", "expected all or good")
    again = _YES_NO.get(incoming.query["again"])
    if again is None:
        raise Problem(Code.INVALID_REQUEST, "again", "expected yes or no")
    return await incoming.service.batches.take(
        incoming.query["company"], incoming.file, "", keep=keep, again=again
    )


@SHIPPERS.endpoint(
    "readBatch",
    "GET",
    "/v1/batches/{batch}",
    "What came of a file: the CCRNs, and every error with its place",
    rights=ANY_RIGHT,
    path_parameters=(_BATCH,),
    query=(_COMPANY,),
    problems=(Code.COMPANY_REFUSED, Code.UNKNOWN_BATCH, Code.UNKNOWN_COMPANY),
)
async def read_batch(incoming: Incoming) -> BatchReceipt:
    await incoming.acting_for(incoming.query["company"])
    number = incoming.path["batch"]
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise Problem(Code.UNKNOWN_BATCH, number)
    return await incoming.service.batches.receipt(incoming.query["company"], int(number))
