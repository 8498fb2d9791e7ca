"""Administration: registrants, tokens, vehicles, unlocking, and the record of crossings."""

from __future__ import annotations

from rocars.key_ring import Role
from rocars.messages import (
    BundleReceipt,
    CompanyData,
    CrossingData,
    Done,
    DriverData,
    DriverRecord,
    TokenData,
    VehicleData,
)
from rocars.problems import Code
from rocars.routes.channel import checked_ubr
from rocars.routes.endpoint import Endpoint, Incoming, Parameter

_ADMIN = frozenset({Role.ADMIN})
_USER_ID = Parameter("user_id", "The driver's user ID.")
_UBR = Parameter("ubr", "Unique bundling reference.")


async def add_company(incoming: Incoming) -> Done:
    await incoming.service.registry.add_company(incoming.body_as(CompanyData))
    return Done()


async def add_driver(incoming: Incoming) -> DriverRecord:
    return await incoming.service.registry.add_driver(incoming.body_as(DriverData))


async def read_driver(incoming: Incoming) -> DriverRecord:
    return await incoming.service.registry.driver(incoming.path["user_id"])


async def add_vehicle(incoming: Incoming) -> DriverRecord:
    return await incoming.service.registry.add_vehicle(
        incoming.path["user_id"], incoming.body_as(VehicleData).mark
    )


async def replace_token(incoming: Incoming) -> Done:
    await incoming.service.registry.replace_token(
        incoming.path["user_id"], incoming.body_as(TokenData)
    )
    return Done()


async def unlock(incoming: Incoming) -> Done:
    await incoming.service.lockout.clear(incoming.path["user_id"])
    return Done()


async def record_crossing(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.cross(
        checked_ubr(incoming.path["ubr"]), incoming.body_as(CrossingData).control_point
    )


ENDPOINTS = (
    Endpoint(
        "addCompany",
        "POST",
        "/v1/companies",
        "Register a company, its responsible person and up to four signatories",
        add_company,
        Done,
        status=201,
        body=CompanyData,
        roles=_ADMIN,
        problems=(Code.ALREADY_REGISTERED,),
    ),
    Endpoint(
        "addDriver",
        "POST",
        "/v1/drivers",
        "Register a driver with PIN, security token and vehicles",
        add_driver,
        DriverRecord,
        status=201,
        body=DriverData,
        roles=_ADMIN,
        problems=(
            Code.INVALID_REGISTRATION,
            Code.UNKNOWN_COMPANY,
            Code.ALREADY_REGISTERED,
            Code.BAD_VEHICLE,
            Code.MAINLAND_PLATE,
        ),
    ),
    Endpoint(
        "readDriver",
        "GET",
        "/v1/drivers/{user_id}",
        "A driver as registered",
        read_driver,
        DriverRecord,
        roles=_ADMIN,
        path_parameters=(_USER_ID,),
        problems=(Code.UNKNOWN_DRIVER,),
    ),
    Endpoint(
        "addVehicle",
        "POST",
        "/v1/drivers/{user_id}/vehicles",
        "Put a vehicle on a driver's file",
        add_vehicle,
        DriverRecord,
        body=VehicleData,
        roles=_ADMIN,
        path_parameters=(_USER_ID,),
        problems=(Code.UNKNOWN_DRIVER, Code.BAD_VEHICLE, Code.MAINLAND_PLATE),
    ),
    Endpoint(
        "replaceToken",
        "PUT",
        "/v1/drivers/{user_id}/token",
        "Give a driver another security token",
        replace_token,
        Done,
        body=TokenData,
        roles=_ADMIN,
        path_parameters=(_USER_ID,),
        problems=(Code.UNKNOWN_DRIVER, Code.INVALID_REGISTRATION),
    ),
    Endpoint(
        "unlock",
        "POST",
        "/v1/user-ids/{user_id}/unlock",
        "End the lock-out of a user ID, known or not",
        unlock,
        Done,
        roles=_ADMIN,
        path_parameters=(_USER_ID,),
    ),
    Endpoint(
        "recordCrossing",
        "POST",
        "/v1/bundles/{ubr}/crossing",
        "Record that the truck has passed a control point",
        record_crossing,
        BundleReceipt,
        body=CrossingData,
        roles=_ADMIN,
        path_parameters=(_UBR,),
        problems=(
            Code.UNKNOWN_CONTROL_POINT,
            Code.UNKNOWN_BUNDLE,
            Code.BUNDLE_NOT_LIVE,
            Code.NOT_YET,
        ),
    ),
)
