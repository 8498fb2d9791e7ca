"""Starts Kamailio so that it asks no name server for a name that is not configured.

When it starts, also with `-c` and `-I`, it looks up its own host name (for a log that it does not
write); no setting prevents that. If no name server answers, this takes 5 s and more. The system's
resolver can be told not to ask any (RES_OPTIONS, resolv.conf(5)); it still reads files.
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
