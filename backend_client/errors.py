"""What ROCARS can refuse, as errors a flow can speak about."""

from __future__ import annotations


class RocarsError(Exception):
    """Anything that kept ROCARS from doing what was asked."""


class BackEndAway(RocarsError):
    """No usable answer in time: dead, hanging, overloaded or talking rubbish.

    `uncertain` is True when the request may have been carried out all the same, so that nobody is
    told it was refused.
    """

    def __init__(self, reason: str, *, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.uncertain = uncertain


class LoginRefused(RocarsError):
    """User ID, PIN or code was wrong. Which one is never said."""


class LoginLocked(RocarsError):
    """Too many failures for this user ID, over all calls and lines. Said of unknown IDs too."""


class SessionExpired(RocarsError):
    """The driver's log-in has lapsed; he must log in again."""


class Refused(RocarsError):
    """A request that is understood and not allowed, for the reason its class names.

    `subject` is the CCRN, UBR or vehicle it is about, where there is one.
    """

    def __init__(self, subject: str = "") -> None:
        super().__init__(subject)
        self.subject = subject


class UnknownCcrn(Refused): ...


class AlreadyBundled(Refused): ...


class CargoExpired(Refused): ...


class CargoCrossed(Refused): ...


class TooManyCcrns(Refused): ...


class MixedDirections(Refused):
    """Inbound and outbound cargo cannot ride in one bundle."""


class UnknownBundle(Refused): ...


class BundleNotLive(Refused):
    """Unbundled, crossed or expired before: there is nothing left to undo."""


class Annulled(Refused):
    """The request came after it had been settled as never done; it was not carried out."""


class UnbundleDisabled(Refused):
    """Bundles cannot be undone by this channel."""


class UnknownDriver(Refused): ...


class BadVehicle(Refused):
    """Not a Hong Kong registration mark."""


class MainlandPlate(BadVehicle):
    """A Mainland plate was given; the Hong Kong registration mark of the same vehicle is wanted."""
