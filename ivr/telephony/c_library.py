"""What pjsua2 does not offer and the C library beneath it does: its true limits, and its timers.

The published wheel grants 4 calls a process whatever was asked, without saying so; its compiled-in
limits can only be read through its C functions, which it exports.
"""

from __future__ import annotations

import ctypes
from functools import cache

import pjsua2 as pj

from ivr.telephony.errors import EndpointFailed


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(pj._pjsua2.__file__)
        for name in ("pjsua_call_get_max_count", "pjsua_call_get_count"):
            function = getattr(library, name)
            function.restype = ctypes.c_uint
            function.argtypes = ()
        library.pjsip_tsx_set_timers.restype = None
        library.pjsip_tsx_set_timers.argtypes = (ctypes.c_uint,) * 4
    except (OSError, AttributeError) as error:
        raise EndpointFailed(
            f"this build of pjsua2 does not export the functions we need: {error}"
        ) from error
    return library


def be_quiet() -> None:
    """Keep the library from writing to standard output before its settings are read."""
    _library().pj_log_set_level(0)


def give_up_after(seconds: float) -> None:
    """Set how long transactions wait: timers B, D, F and H of RFC 3261, appendix A.

    T1, T2 and T4 stay as they are. Only between initialising and starting the library.
    """
    _library().pjsip_tsx_set_timers(500, 4000, 5000, round(seconds * 1000))


def calls_granted() -> int:
    """Calls this process can hold. Only after the library was started."""
    return int(_library().pjsua_call_get_max_count())


def calls_held() -> int:
    """Call slots in use now, those that are being set up or torn down included."""
    return int(_library().pjsua_call_get_count())
