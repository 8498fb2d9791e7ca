"""Functions, limits and timers of the C library that pjsua2 does not offer.

The published wheel grants 4 calls a library whatever was asked, without saying so; its compiled-in
limits can only be read through its C functions, which it exports.
"""

from __future__ import annotations

import ctypes

from ivr.telephony.errors import EndpointFailed

PORT = LOCK = ctypes.c_void_p
_POOL = ctypes.c_void_p


def functions_of(file: str) -> ctypes.PyDLL:
    """The functions of the library in this file. Raises EndpointFailed for a build without one.

    They keep Python's lock: each takes a few microseconds, and handing the lock over and getting it
    back takes longer.
    """
    try:
        library = ctypes.PyDLL(file)
        for name in ("pjsua_call_get_max_count", "pjsua_call_get_count"):
            function = getattr(library, name)
            function.restype = ctypes.c_uint
            function.argtypes = ()
        library.pj_log_set_level.restype = None
        library.pj_log_set_level.argtypes = (ctypes.c_int,)
        library.pjsip_tsx_set_timers.restype = None
        library.pjsip_tsx_set_timers.argtypes = (ctypes.c_uint,) * 4
        library.pjsua_handle_events.restype = ctypes.c_int
        library.pjsua_handle_events.argtypes = (ctypes.c_uint,)
        library.pjsua_set_no_snd_dev.restype = PORT
        library.pjsua_set_no_snd_dev.argtypes = ()
        library.pjsua_pool_create.restype = _POOL
        library.pjsua_pool_create.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t)
        library.pjmedia_null_port_create.argtypes = (
            *(_POOL, *(ctypes.c_uint,) * 4),
            ctypes.POINTER(PORT),
        )
        library.pj_grp_lock_create.argtypes = (_POOL, ctypes.c_void_p, ctypes.POINTER(LOCK))
        library.pj_grp_lock_get_ref.argtypes = (LOCK,)
        library.pjmedia_port_init_grp_lock.argtypes = (PORT, _POOL, LOCK)
        library.pjmedia_port_destroy.argtypes = (PORT,)
        library.pj_pool_release.argtypes = (_POOL,)
        library.pj_pool_release.restype = None
        library.pjmedia_port_get_frame.argtypes = (PORT, ctypes.c_void_p)
        library.pjmedia_port_put_frame.argtypes = (PORT, ctypes.c_void_p)
    except (OSError, AttributeError) as error:
        raise EndpointFailed(
            f"this build of pjsua2 does not export the functions we need: {error}"
        ) from error
    return library


def be_quiet(library: ctypes.PyDLL) -> None:
    """Stop the library from writing to standard output before its settings are read."""
    library.pj_log_set_level(0)


def give_up_after(library: ctypes.PyDLL, seconds: float) -> None:
    """Set how long transactions wait: timers B, D, F and H of RFC 3261, appendix A.

    T1, T2 and T4 stay as they are. Only between initialising and starting the library.
    """
    library.pjsip_tsx_set_timers(500, 4000, 5000, round(seconds * 1000))


def handle_events(library: ctypes.PyDLL) -> int:
    """Do the work that is due and take the packets that have come, without waiting; gives how many
    sockets were served, or a negative error."""
    return int(library.pjsua_handle_events(0))


def calls_granted(library: ctypes.PyDLL) -> int:
    """Calls the library can hold. Only after it was started."""
    return int(library.pjsua_call_get_max_count())


def calls_held(library: ctypes.PyDLL) -> int:
    """Call slots in use now, those that are being set up or torn down included."""
    return int(library.pjsua_call_get_count())
