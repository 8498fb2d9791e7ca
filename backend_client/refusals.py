"""From the codes of ROCARS' problem documents to the errors a flow can speak about."""

from __future__ import annotations

from backend_client.errors import (
    AlreadyBundled,
    Annulled,
    BackEndAway,
    BadVehicle,
    BundleNotLive,
    CargoCrossed,
    CargoExpired,
    LoginLocked,
    LoginRefused,
    MainlandPlate,
    MixedDirections,
    Refused,
    RocarsError,
    SessionExpired,
    TooManyCcrns,
    UnbundleDisabled,
    UnknownBundle,
    UnknownCcrn,
    UnknownDriver,
)
from backend_client.exchange import ProblemAnswered

_REFUSALS: dict[str, type[Refused]] = {
    "unknown_ccrn": UnknownCcrn,
    "already_bundled": AlreadyBundled,
    "cargo_expired": CargoExpired,
    "cargo_crossed": CargoCrossed,
    "too_many_ccrns": TooManyCcrns,
    "mixed_directions": MixedDirections,
    "unknown_bundle": UnknownBundle,
    "bundle_not_live": BundleNotLive,
    "bad_vehicle": BadVehicle,
    "mainland_plate": MainlandPlate,
    "unbundle_disabled": UnbundleDisabled,
    "unknown_driver": UnknownDriver,
    "key_annulled": Annulled,
}
_STANDING: dict[str, type[RocarsError]] = {
    "login_refused": LoginRefused,
    "login_locked": LoginLocked,
    "session_expired": SessionExpired,
}


def spoken(problem: ProblemAnswered) -> RocarsError:
    """The error for this problem. One no flow knows means that the two sides do not understand each
    other: to the caller the back end is away, and certainly nothing was done."""
    if refusal := _REFUSALS.get(problem.code):
        return refusal(problem.subject)
    if standing := _STANDING.get(problem.code):
        return standing()
    return BackEndAway(f"ROCARS answered with the problem {problem.code[:60]!r}")
