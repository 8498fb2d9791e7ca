"""The telephone channel: log-in, cargo, vehicles, bundles."""

from __future__ import annotations

import re

from rocars.key_ring import Role
from rocars.messages import (
    BundleList,
    BundleReceipt,
    BundleRequest,
    CargoStatus,
    LoggedIn,
    LogIn,
    Recognise,
    Recognised,
    Settle,
    Settled,
    VehicleMatches,
)
from rocars.problems import Code, Problem
from rocars.routes.endpoint import Endpoint, Incoming, Parameter

_IVR = frozenset({Role.IVR})
_CCRN = Parameter("ccrn", "Customs cargo reference number.")
_KEY = Parameter("key", "The Idempotency-Key of the request.")
_UBR = Parameter("ubr", "Unique bundling reference.")
_UBR_FORM = re.compile(r"[0-9]{1,20}")
_KEY_FORM = re.compile(r"[!-~]{1,128}")
_KEYED_FORM = re.compile(r"[0-9]{1,8}")


async def log_in(incoming: Incoming) -> LoggedIn:
    return await incoming.service.login.log_in(incoming.body_as(LogIn))


async def look_up(incoming: Incoming) -> CargoStatus:
    ccrn = incoming.path["ccrn"]
    return CargoStatus(ccrn=ccrn, state=await incoming.service.consignments.state(ccrn))


async def match_vehicles(incoming: Incoming) -> VehicleMatches:
    keyed = incoming.query["keyed"]
    if not _KEYED_FORM.fullmatch(keyed):
        return VehicleMatches(marks=[])
    marks = await incoming.service.vehicles.matching(incoming.driver_id, keyed)
    return VehicleMatches(marks=list(marks))


async def bundle(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.bundle(
        incoming.driver_id, incoming.idempotency_key, incoming.body_as(BundleRequest)
    )


async def unbundle(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.unbundle(
        incoming.driver_id, incoming.idempotency_key, checked_ubr(incoming.path["ubr"])
    )


async def bundles(incoming: Incoming) -> BundleList:
    return BundleList(bundles=await incoming.service.bundling.bundles_of(incoming.driver_id))


async def status(incoming: Incoming) -> BundleReceipt:
    return await incoming.service.bundling.status(
        checked_ubr(incoming.path["ubr"]), incoming.query["vehicle"]
    )


async def settle(incoming: Incoming) -> Settled:
    return await incoming.service.bundling.settle(
        incoming.body_as(Settle).user_id, checked_key(incoming.path["key"])
    )


async def recognise(incoming: Incoming) -> Recognised:
    return await incoming.service.registry.recognise(incoming.body_as(Recognise).phone)


def checked_key(key: str) -> str:
    if not _KEY_FORM.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    return key


def checked_ubr(ubr: str) -> str:
    if not _UBR_FORM.fullmatch(ubr):
        raise Problem(Code.UNKNOWN_BUNDLE, ubr)
    return ubr


ENDPOINTS = (
    Endpoint(
        "logIn",
        "POST",
        "/v1/log-in",
        "Log a driver in by user ID, PIN and one-time code",
        log_in,
        LoggedIn,
        body=LogIn,
        roles=_IVR,
        problems=(Code.LOGIN_REFUSED, Code.LOGIN_LOCKED),
    ),
    Endpoint(
        "lookUpCargo",
        "GET",
        "/v1/cargo/{ccrn}",
        "Where a consignment stands",
        look_up,
        CargoStatus,
        roles=_IVR,
        driver=True,
        path_parameters=(_CCRN,),
        problems=(Code.UNKNOWN_CCRN,),
    ),
    Endpoint(
        "matchVehicles",
        "GET",
        "/v1/vehicles/match",
        "Marks on file that spell the keys pressed (ITU-T E.161)",
        match_vehicles,
        VehicleMatches,
        roles=_IVR,
        driver=True,
        query=(Parameter("keyed", "The keys, digits."),),
    ),
    Endpoint(
        "bundle",
        "POST",
        "/v1/bundles",
        "Bundle CCRNs and one vehicle",
        bundle,
        BundleReceipt,
        status=201,
        body=BundleRequest,
        roles=_IVR,
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
    ),
    Endpoint(
        "listBundles",
        "GET",
        "/v1/bundles",
        "The driver's own bundles, newest first",
        bundles,
        BundleList,
        roles=_IVR,
        driver=True,
    ),
    Endpoint(
        "unbundle",
        "POST",
        "/v1/bundles/{ubr}/unbundle",
        "Undo a live bundle of this driver",
        unbundle,
        BundleReceipt,
        roles=_IVR,
        driver=True,
        idempotent=True,
        path_parameters=(_UBR,),
        problems=(
            Code.UNKNOWN_BUNDLE,
            Code.BUNDLE_NOT_LIVE,
            Code.UNBUNDLE_DISABLED,
            Code.KEY_ANNULLED,
        ),
    ),
    Endpoint(
        "bundleStatus",
        "GET",
        "/v1/bundles/{ubr}/status",
        "A bundle's status for one who gives UBR and vehicle",
        status,
        BundleReceipt,
        roles=_IVR,
        path_parameters=(_UBR,),
        query=(
            Parameter(
                "vehicle", "Registration mark of the bundle, or the keys that spell it (E.161)."
            ),
        ),
        problems=(Code.UNKNOWN_BUNDLE,),
    ),
    Endpoint(
        "settle",
        "POST",
        "/v1/requests/{key}/settle",
        "How a request ended whose answer was lost; one not done by now is annulled",
        settle,
        Settled,
        body=Settle,
        roles=_IVR,
        path_parameters=(_KEY,),
        problems=(Code.UNKNOWN_DRIVER, Code.IDEMPOTENCY_KEY_MISSING),
    ),
    Endpoint(
        "recognise",
        "POST",
        "/v1/callers/recognise",
        "The driver registered with a telephone number; saves keying, proves nothing",
        recognise,
        Recognised,
        body=Recognise,
        roles=_IVR,
    ),
)
