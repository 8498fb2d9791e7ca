"""Administration: registrants, tokens, vehicles, unlocking, and the record of crossings."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleReceipt
from rocars.crossing.messages import CrossingData
from rocars.messages import Done
from rocars.refusals import Code
from rocars.registry.messages import (
    AccountData,
    CompanyData,
    DriverData,
    DriverRecord,
    TokenData,
    VehicleData,
)
from rocars.secrets.key_ring import Role

ADMINISTRATION = EndpointGroup(Role.ADMIN)

_USER_ID = Parameter("user_id", "The driver's user ID.")
_UBR = Parameter("ubr", "Unique bundling reference.")


@ADMINISTRATION.endpoint(
    "addCompany",
    "POST",
    "/v1/companies",
    "Register a company, its responsible person and up to four signatories",
    status=201,
    body=CompanyData,
    problems=(Code.ALREADY_REGISTERED,),
)
async def add_company(incoming: Incoming) -> Done:
    await incoming.service.companies.add(incoming.body_as(CompanyData))
    return Done()


@ADMINISTRATION.endpoint(
    "addDriver",
    "POST",
    "/v1/drivers",
    "Register a driver with PIN, security token and vehicles",
    status=201,
    body=DriverData,
    problems=(
        Code.INVALID_REGISTRATION,
        Code.UNKNOWN_COMPANY,
        Code.ALREADY_REGISTERED,
        Code.BAD_VEHICLE,
        Code.MAINLAND_PLATE,
    ),
)
async def add_driver(incoming: Incoming) -> DriverRecord:
    return await incoming.service.drivers.add(incoming.body_as(DriverData))


@ADMINISTRATION.endpoint(
    "addAccount",
    "POST",
    "/v1/accounts",
    "Give a shipper or a driver an account of the web portal",
    status=201,
    body=AccountData,
    problems=(
        Code.INVALID_REGISTRATION,
        Code.UNKNOWN_COMPANY,
        Code.UNKNOWN_DRIVER,
        Code.ALREADY_REGISTERED,
    ),
)
async def add_account(incoming: Incoming) -> Done:
    await incoming.service.accounts.add(incoming.body_as(AccountData))
    return Done()


@ADMINISTRATION.endpoint(
    "readDriver",
    "GET",
    "/v1/drivers/{user_id}",
    "A driver as registered",
    path_parameters=(_USER_ID,),
    problems=(Code.UNKNOWN_DRIVER,),
)
async def read_driver(incoming: Incoming) -> DriverRecord:
    return await incoming.service.drivers.record(incoming.path["user_id"])


@ADMINISTRATION.endpoint(
    "addVehicle",
    "POST",
    "/v1/drivers/{user_id}/vehicles",
    "Put a vehicle on a driver's file",
    body=VehicleData,
    path_parameters=(_USER_ID,),
    problems=(Code.UNKNOWN_DRIVER, Code.BAD_VEHICLE, Code.MAINLAND_PLATE),
)
async def add_vehicle(incoming: Incoming) -> DriverRecord:
    return await incoming.service.drivers.add_vehicle(
        incoming.path["user_id"], incoming.body_as(VehicleData).mark
    )


@ADMINISTRATION.endpoint(
    "replaceToken",
    "PUT",
    "/v1/drivers/{user_id}/token",
    "Give a driver another security token",
    body=TokenData,
    path_parameters=(_USER_ID,),
    problems=(Code.UNKNOWN_DRIVER, Code.INVALID_REGISTRATION),
)
async def replace_token(incoming: Incoming) -> Done:
    await incoming.service.drivers.replace_token(
        incoming.path["user_id"], incoming.body_as(TokenData)
    )
    return Done()


@ADMINISTRATION.endpoint(
    "unlock",
    "POST",
    "/v1/user-ids/{user_id}/unlock",
    "End the lock-out of a user ID, known or not",
    path_parameters=(_USER_ID,),
)
async def unlock(incoming: Incoming) -> Done:
    await incoming.service.lockout.clear(incoming.path["user_id"])
    return Done()


@ADMINISTRATION.endpoint(
    "recordCrossing",
    "POST",
    "/v1/bundles/{ubr}/crossing",
    "Record that the truck has passed a control point",
    body=CrossingData,
    path_parameters=(_UBR,),
    problems=(
        Code.UNKNOWN_CONTROL_POINT,
        Code.UNKNOWN_BUNDLE,
        Code.BUNDLE_NOT_LIVE,
        Code.NOT_YET,
    ),
)
async def record_crossing(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.crossings.record(
        checked_ubr(incoming.path["ubr"]), incoming.body_as(CrossingData).control_point
    )
