"""How Kamailio is started so that it asks no name server for a name that nobody configured.

As soon as it starts, for `-c` and `-I` too, it has its own host name looked up (for a log it does
not write to); no setting of it forbids that. Where no name server answers that takes 5 s and more.
The system's resolver can be told not to ask at all (RES_OPTIONS, resolv.conf(5)); files are looked
in all the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_ASK_NOBODY = "attempts:0"
_ASK_ONCE = "attempts:1 timeout:1"


def environment(*, registrar_names: bool = False) -> Mapping[str, str]:
    """The environment of a Kamailio.

    `registrar_names`: names of registrars are configured, which it must be able to ask for.
    """
    return {**os.environ, "RES_OPTIONS": _ASK_ONCE if registrar_names else _ASK_NOBODY}
