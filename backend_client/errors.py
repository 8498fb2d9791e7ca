"""What ROCARS can refuse, as errors that a flow can speak about."""

from __future__ import annotations

from typing import ClassVar


class RocarsError(Exception):
    """Anything that prevented ROCARS from carrying out a request.

    `code` is the code of the problem document that the error stands for; empty if there is none.
    """

    code: ClassVar[str] = ""


class BackEndUnavailable(RocarsError):
    """No usable answer in time: ROCARS is down, hangs, is overloaded, or its answer is malformed.

    `uncertain` is True if the request may have been carried out nevertheless; then callers must not
    be told that it was refused.
    """

    def __init__(self, reason: str, *, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.uncertain = uncertain


class LoginRefused(RocarsError):
    """User ID, PIN or code was wrong; ROCARS never says which."""

    code = "login_refused"


class LoginLocked(RocarsError):
    """Too many failures for this user ID, over all calls and lines. Unknown IDs get the same
    answer."""

    code = "login_locked"


class SessionExpired(RocarsError):
    """The driver's session has expired; they must log in again."""

    code = "session_expired"


class Refused(RocarsError):
    """A request that was understood but not allowed, for the reason that its class names.

    `subject` is the CCRN, UBR or vehicle concerned, if there is one.
    """

    def __init__(self, subject: str = "") -> None:
        super().__init__(subject)
        self.subject = subject


class UnknownCcrn(Refused):
    code = "unknown_ccrn"


class AlreadyBundled(Refused):
    code = "already_bundled"


class CargoExpired(Refused):
    code = "cargo_expired"


class CargoCrossed(Refused):
    code = "cargo_crossed"


class TooManyCcrns(Refused):
    code = "too_many_ccrns"


class MixedDirections(Refused):
    """Inbound and outbound cargo cannot be in one bundle."""

    code = "mixed_directions"


class UnknownBundle(Refused):
    code = "unknown_bundle"


class BundleNotLive(Refused):
    """The bundle was unbundled, has crossed or has expired: there is nothing to undo."""

    code = "bundle_not_live"


class Annulled(Refused):
    """The request came after it had been settled as not done; it was not carried out."""

    code = "key_annulled"


class UnbundleDisabled(Refused):
    """Bundles cannot be undone by this channel."""

    code = "unbundle_disabled"


class UnknownDriver(Refused):
    code = "unknown_driver"


class BadVehicle(Refused):
    """Not a Hong Kong registration mark."""

    code = "bad_vehicle"


class MainlandPlate(BadVehicle):
    """A Mainland mark was given; the Hong Kong registration mark of the same vehicle is
    required."""

    code = "mainland_plate"
