"""The telephone channel: log-in, cargo, vehicles, bundles."""

from __future__ import annotations

import re

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleList, BundleReceipt, BundleRequest, Settle, Settled
from rocars.cargo.messages import CargoStatus
from rocars.entrance.messages import LoggedIn, LogIn
from rocars.refusals import Code, Problem
from rocars.registry.messages import Recognise, Recognised, Rehearsal, Rehearsed, VehicleMatches
from rocars.secrets.key_ring import Role

CHANNEL = EndpointGroup(Role.IVR)

_CCRN = Parameter("ccrn", "Customs cargo reference number.")
_KEY = Parameter("key", "The Idempotency-Key of the request.")
_UBR = Parameter("ubr", "Unique bundling reference.")
_KEY_FORM = re.compile(r"[!-~]{1,128}")
_KEYED_FORM = re.compile(r"[0-9]{1,8}")


def checked_key(key: str) -> str:
    if not _KEY_FORM.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    return key


@CHANNEL.endpoint(
    "logIn",
    "POST",
    "/v1/log-in",
    "Log a driver in by user ID, PIN and one-time code",
    body=LogIn,
    problems=(Code.LOGIN_REFUSED, Code.LOGIN_LOCKED),
)
async def log_in(incoming: Incoming) -> LoggedIn:
    return await incoming.service.login.log_in(incoming.body_as(LogIn))


@CHANNEL.endpoint(
    "lookUpCargo",
    "GET",
    "/v1/cargo/{ccrn}",
    "Where a consignment stands",
    driver=True,
    path_parameters=(_CCRN,),
    problems=(Code.UNKNOWN_CCRN,),
)
async def look_up(incoming: Incoming) -> CargoStatus:
    ccrn = incoming.path["ccrn"]
    return CargoStatus(ccrn=ccrn, state=await incoming.service.consignments.state(ccrn))


@CHANNEL.endpoint(
    "matchVehicles",
    "GET",
    "/v1/vehicles/match",
    "Marks on file that spell the keys pressed (ITU-T E.161)",
    driver=True,
    query=(Parameter("keyed", "The keys, digits."),),
)
async def match_vehicles(incoming: Incoming) -> VehicleMatches:
    keyed = incoming.query["keyed"]
    if not _KEYED_FORM.fullmatch(keyed):
        return VehicleMatches(marks=[])
    marks = await incoming.service.vehicles.matching(incoming.driver_id, keyed)
    return VehicleMatches(marks=list(marks))


@CHANNEL.endpoint(
    "bundle",
    "POST",
    "/v1/bundles",
    "Bundle CCRNs and one vehicle",
    status=201,
    body=BundleRequest,
    driver=True,
    idempotent=True,
    problems=(
        Code.TOO_MANY_CCRNS,
        Code.BAD_VEHICLE,
        Code.MAINLAND_PLATE,
        Code.UNKNOWN_CCRN,
        Code.CARGO_CROSSED,
        Code.ALREADY_BUNDLED,
        Code.CARGO_EXPIRED,
        Code.MIXED_DIRECTIONS,
        Code.KEY_ANNULLED,
    ),
)
async def bundle(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.bundle(
        incoming.driver_id, incoming.idempotency_key, incoming.body_as(BundleRequest)
    )


@CHANNEL.endpoint(
    "listBundles",
    "GET",
    "/v1/bundles",
    "The driver's own bundles, newest first",
    driver=True,
)
async def bundles(incoming: Incoming) -> BundleList:
    return BundleList(bundles=await incoming.service.bundling.bundles_of(incoming.driver_id))


@CHANNEL.endpoint(
    "unbundle",
    "POST",
    "/v1/bundles/{ubr}/unbundle",
    "Undo a live bundle of this driver",
    driver=True,
    idempotent=True,
    path_parameters=(_UBR,),
    problems=(
        Code.UNKNOWN_BUNDLE,
        Code.BUNDLE_NOT_LIVE,
        Code.UNBUNDLE_DISABLED,
        Code.KEY_ANNULLED,
    ),
)
async def unbundle(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.unbundle(
        incoming.driver_id, incoming.idempotency_key, checked_ubr(incoming.path["ubr"])
    )


@CHANNEL.endpoint(
    "bundleStatus",
    "GET",
    "/v1/bundles/{ubr}/status",
    "A bundle's status for one who gives UBR and vehicle",
    path_parameters=(_UBR,),
    query=(
        Parameter("vehicle", "Registration mark of the bundle, or the keys that spell it (E.161)."),
    ),
    problems=(Code.UNKNOWN_BUNDLE,),
)
async def status(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.status(
        checked_ubr(incoming.path["ubr"]), incoming.query["vehicle"]
    )


@CHANNEL.endpoint(
    "settle",
    "POST",
    "/v1/requests/{key}/settle",
    "How a request ended whose answer was lost; one not done by now is annulled",
    body=Settle,
    path_parameters=(_KEY,),
    problems=(Code.UNKNOWN_DRIVER, Code.IDEMPOTENCY_KEY_MISSING),
)
async def settle(incoming: Incoming) -> Settled:
    return await incoming.service.bundling.settle(
        incoming.body_as(Settle).user_id, checked_key(incoming.path["key"])
    )


@CHANNEL.endpoint(
    "recognise",
    "POST",
    "/v1/callers/recognise",
    "The driver registered with a telephone number; saves keying, proves nothing",
    body=Recognise,
)
async def recognise(incoming: Incoming) -> Recognised:
    return await incoming.service.drivers.recognise(incoming.body_as(Recognise).phone)


@CHANNEL.endpoint(
    "rehearsed",
    "POST",
    "/v1/rehearsals",
    "What somebody did on the practice line, kept for their next call and their trainer; not for "
    "whom there is no driver",
    body=Rehearsal,
)
async def rehearsed(incoming: Incoming) -> Rehearsed:
    rehearsal = incoming.body_as(Rehearsal)
    done = await incoming.service.rehearsals.note(rehearsal.user_id, rehearsal.steps)
    return Rehearsed(steps=done)
