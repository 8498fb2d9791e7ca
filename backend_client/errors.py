"""What ROCARS can refuse, as errors a flow can speak about."""

from __future__ import annotations

from typing import ClassVar


class RocarsError(Exception):
    """Anything that kept ROCARS from doing what was asked.

    `code` is that of the problem document the error stands for; empty: of none.
    """

    code: ClassVar[str] = ""


class BackEndUnavailable(RocarsError):
    """No usable answer in time: dead, hanging, overloaded or talking rubbish.

    `uncertain` is True when the request may have been carried out all the same, so that nobody is
    told it was refused.
    """

    def __init__(self, reason: str, *, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.uncertain = uncertain


class LoginRefused(RocarsError):
    """User ID, PIN or code was wrong. Which one is never said."""

    code = "login_refused"


class LoginLocked(RocarsError):
    """Too many failures for this user ID, over all calls and lines. Said of unknown IDs too."""

    code = "login_locked"


class SessionExpired(RocarsError):
    """The driver's log-in has lapsed; they must log in again."""

    code = "session_expired"


class Refused(RocarsError):
    """A request that is understood and not allowed, for the reason its class names.

    `subject` is the CCRN, UBR or vehicle it is about, where there is one.
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
    """Inbound and outbound cargo cannot ride in one bundle."""

    code = "mixed_directions"


class UnknownBundle(Refused):
    code = "unknown_bundle"


class BundleNotLive(Refused):
    """Unbundled, crossed or expired before: there is nothing left to undo."""

    code = "bundle_not_live"


class Annulled(Refused):
    """The request came after it had been settled as never done; it was not carried out."""

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
    """A Mainland plate was given; the Hong Kong registration mark of the same vehicle is wanted."""

    code = "mainland_plate"
