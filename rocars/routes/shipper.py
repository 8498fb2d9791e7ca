"""Shippers' systems: lodging and amending cargo data."""

from __future__ import annotations

from rocars.key_ring import Role
from rocars.messages import ConsignmentData, ConsignmentRecord, Lodged
from rocars.problems import Code
from rocars.routes.endpoint import Endpoint, Incoming, Parameter

_SHIPPER = frozenset({Role.SHIPPER, Role.ADMIN})
_CCRN = Parameter("ccrn", "Customs cargo reference number.")
_DATA_PROBLEMS = (Code.DATE_PAST, Code.TOO_EARLY_TO_LODGE, Code.UNKNOWN_COMPANY)


async def lodge(incoming: Incoming) -> Lodged:
    return await incoming.service.consignments.lodge(incoming.body_as(ConsignmentData))


async def amend(incoming: Incoming) -> Lodged:
    return await incoming.service.consignments.amend(
        incoming.path["ccrn"], incoming.body_as(ConsignmentData)
    )


async def consignment(incoming: Incoming) -> ConsignmentRecord:
    return await incoming.service.consignments.record(incoming.path["ccrn"])


ENDPOINTS = (
    Endpoint(
        "lodge",
        "POST",
        "/v1/consignments",
        "Lodge cargo data; answered with its CCRN",
        lodge,
        Lodged,
        status=201,
        body=ConsignmentData,
        roles=_SHIPPER,
        problems=_DATA_PROBLEMS,
    ),
    Endpoint(
        "amend",
        "PUT",
        "/v1/consignments/{ccrn}",
        "Replace the data of cargo that is not bundled",
        amend,
        Lodged,
        body=ConsignmentData,
        roles=_SHIPPER,
        path_parameters=(_CCRN,),
        problems=(
            *_DATA_PROBLEMS,
            Code.UNKNOWN_CCRN,
            Code.CARGO_IN_BUNDLE,
            Code.CARGO_CROSSED,
        ),
    ),
    Endpoint(
        "readConsignment",
        "GET",
        "/v1/consignments/{ccrn}",
        "All that is held of a consignment",
        consignment,
        ConsignmentRecord,
        roles=_SHIPPER,
        path_parameters=(_CCRN,),
        problems=(Code.UNKNOWN_CCRN,),
    ),
)
