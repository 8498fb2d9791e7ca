"""Copies of the SIP library, so that one process can hold more calls than one library does.

The published wheel grants four calls, and keeps all it knows in variables of its shared object, so
a second endpoint in it ends the process. But a shared object that is loaded from another file is
another library, with variables of its own. A process with eight copies holds 32 calls for the
memory and the waking up of one process instead of eight.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pjsua2

from ivr.telephony.errors import EndpointFailed
from ivr.telephony.library.c_library import functions_of
from ivr.telephony.library.foreign_functions import CannotBeReplaced, Entries, entries_of
from ivr.telephony.library.library_copy import CannotBeCopied, another_copy
from ivr.telephony.library.media_sockets import MAKES_TRANSPORTS, MediaSockets
from ivr.telephony.library.no_names import resolver_entries, take_resolver_away

_EXTENSION = "_pjsua2"


@dataclass(frozen=True, eq=False)
class Binding:
    """One copy of the library.

    Attributes:
        pj: its classes, as the module `pjsua2` has them. Errors of every copy are `pjsua2.Error`
            as well, and constants are the same in all.
        c: its C functions, see `c_library`.
        media: the media transports it makes.
    """

    pj: Any
    c: ctypes.PyDLL
    media: MediaSockets


@cache
def binding(number: int) -> Binding:
    """Give the copy with this number; 0 is the installed library itself.

    No copy can look up host names. Child processes share what was loaded before the fork. Raises
    EndpointFailed for a build that cannot be copied, or whose name look-ups cannot be blocked.
    """
    file = pjsua2._pjsua2.__file__
    if number == 0:
        return _bound(pjsua2, file)
    try:
        library = another_copy(Path(file).read_bytes(), number)
    except CannotBeCopied as refusal:
        raise EndpointFailed(f"this build of pjsua2 cannot be copied: {refusal}") from refusal
    try:
        with tempfile.TemporaryDirectory(prefix="rocars-ivr-") as directory:
            copy = Path(directory) / Path(file).name
            copy.write_bytes(library)
            return _bound(_classes(number, copy), str(copy))
    except (OSError, ImportError) as error:
        raise EndpointFailed(f"the SIP library cannot be copied: {error}") from error


def _bound(pj: Any, file: str) -> Binding:
    functions = functions_of(file)
    try:
        resolvers, transports = _entries()
        take_resolver_away(functions, resolvers)
        return Binding(pj, functions, MediaSockets(functions, transports))
    except CannotBeReplaced as refusal:
        raise EndpointFailed(
            f"this build of pjsua2 cannot be kept from looking names up, nor from following sound "
            f"to wherever it comes from: {refusal}"
        ) from refusal


@cache
def _entries() -> tuple[Entries, Entries]:
    """Where the library keeps its resolver functions and its makers of media transports. Raises
    CannotBeReplaced."""
    library = Path(pjsua2._pjsua2.__file__).read_bytes()
    transports = entries_of(library, {MAKES_TRANSPORTS})
    if not transports.entries:
        raise CannotBeReplaced(f"it does not call {MAKES_TRANSPORTS}")
    return resolver_entries(library), transports


def _classes(number: int, file: Path) -> ModuleType:
    """Load the binding's Python module over the library in `file`. Raises ImportError."""
    loader = ExtensionFileLoader(_EXTENSION, str(file))
    spec = importlib.util.spec_from_loader(_EXTENSION, loader)
    source = importlib.util.find_spec("pjsua2.pjsua2")
    if spec is None or source is None or not isinstance(source.loader, SourceFileLoader):
        raise EndpointFailed("this build of pjsua2 cannot be copied: its module is not in a file")
    extension = importlib.util.module_from_spec(spec)
    loader.exec_module(extension)
    module = ModuleType(f"pjsua2_copy_{number}")
    module.__package__ = module.__name__  # so that it takes the extension from itself
    setattr(module, _EXTENSION, extension)
    sys.modules[module.__name__] = module
    code = source.loader.get_code("pjsua2.pjsua2")
    if code is None:
        raise EndpointFailed("this build of pjsua2 cannot be copied: its module has no code")
    exec(code, module.__dict__)
    _as_errors_of_the_first(module)
    return module


def _as_errors_of_the_first(module: Any) -> None:
    error = type("Error", (module.Error, pjsua2.Error), {})
    module._pjsua2.Error_swigregister(error)
    module.Error = error
