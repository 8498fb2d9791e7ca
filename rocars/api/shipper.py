"""Shippers' systems: lodging and amending cargo data."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.cargo.batches import Keep
from rocars.cargo.messages import BatchReceipt, ConsignmentData, ConsignmentRecord, Lodged
from rocars.messages import Done
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role

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
    problems=_DATA_PROBLEMS,
)
async def lodge(incoming: Incoming) -> Lodged:
    return await incoming.service.consignments.lodge(incoming.body_as(ConsignmentData))


@SHIPPERS.endpoint(
    "amend",
    "PUT",
    "/v1/consignments/{ccrn}",
    "Replace the data of cargo that is not bundled",
    body=ConsignmentData,
    path_parameters=(_CCRN,),
    problems=(
        *_DATA_PROBLEMS,
        Code.UNKNOWN_CCRN,
        Code.CARGO_IN_BUNDLE,
        Code.CARGO_CROSSED,
        Code.CARGO_WITHDRAWN,
    ),
)
async def amend(incoming: Incoming) -> Lodged:
    return await incoming.service.consignments.amend(
        incoming.path["ccrn"], incoming.body_as(ConsignmentData)
    )


@SHIPPERS.endpoint(
    "withdraw",
    "POST",
    "/v1/consignments/{ccrn}/withdraw",
    "Take back cargo that is not bundled: nobody can bundle it any more",
    path_parameters=(_CCRN,),
    query=(_COMPANY,),
    problems=(
        Code.UNKNOWN_COMPANY,
        Code.UNKNOWN_CCRN,
        Code.CARGO_IN_BUNDLE,
        Code.CARGO_CROSSED,
        Code.CARGO_WITHDRAWN,
    ),
)
async def withdraw(incoming: Incoming) -> Done:
    await incoming.service.consignments.withdraw(incoming.query["company"], incoming.path["ccrn"])
    return Done()


@SHIPPERS.endpoint(
    "readConsignment",
    "GET",
    "/v1/consignments/{ccrn}",
    "All that is held of a consignment",
    path_parameters=(_CCRN,),
    problems=(Code.UNKNOWN_CCRN,),
)
async def consignment(incoming: Incoming) -> ConsignmentRecord:
    return await incoming.service.consignments.record(incoming.path["ccrn"])


@SHIPPERS.endpoint(
    "lodgeFile",
    "POST",
    "/v1/batches",
    "Lodge a file of many consignments, CSV or XML; answered with their CCRNs or what is wrong",
    status=201,
    uploads=("text/csv", "application/xml"),
    query=(
        _COMPANY,
        Parameter("keep", "`all`: all consignments or none; `good`: those without an error."),
        Parameter("again", "`yes` lodges a file that was lodged before; otherwise `no`."),
    ),
    problems=(Code.UNKNOWN_COMPANY, Code.FILE_REPEATED),
)
async def lodge_file(incoming: Incoming) -> BatchReceipt:
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
    path_parameters=(_BATCH,),
    query=(_COMPANY,),
    problems=(Code.UNKNOWN_BATCH, Code.UNKNOWN_COMPANY),
)
async def read_batch(incoming: Incoming) -> BatchReceipt:
    number = incoming.path["batch"]
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise Problem(Code.UNKNOWN_BATCH, number)
    return await incoming.service.batches.receipt(incoming.query["company"], int(number))
