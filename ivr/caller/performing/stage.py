"""What calls are placed with, made once for many: telephone, wire, recognisers, voices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.caller.hearing.repertoire import Known, Repertoire, read_wavs
from ivr.caller.wire.message import address_of
from ivr.caller.wire.proxy import Wire
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone
from prompts.library import Library
from speech.languages.language import Language
from speech.recognition import models
from speech.recognition.models import Model
from speech.recognition.settings import RecognitionSettings
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Synthesiser

LINE_FREE_S = 40.0
"""A BYE that gets no answer keeps its line busy for 32 s (RFC 3261, timer F)."""

FREE_PORTS = {"sip_port": 0, "rtp_port_first": 0, "conceal_loss": False}


@dataclass
class Stage:
    """Opened once; calls are placed on it.

    Attributes:
        target: SIP URI of the server, such as ``sip:127.0.0.1:5060``; numbers are dialled there.
        library: the recordings that `expect` names as the catalogue does.
        wire: whether calls go through the wire; over TLS they cannot.
        patience: factor for time limits in scenarios, if callers and service share a machine that
            is slower than the one they were written for.
    """

    target: str
    library: Library
    synthesiser_settings: SynthesiserSettings
    recognition: RecognitionSettings
    wired: bool = True
    patience: float = 1.0
    telephone: Telephone = field(init=False)
    wire: Wire | None = field(default=None, init=False)
    synthesiser: Synthesiser = field(init=False)
    _dialling: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _models: dict[Language, Model] = field(default_factory=dict, init=False)
    _repertoires: dict[Path | None, Repertoire] = field(default_factory=dict, init=False)

    async def open(self) -> None:
        """Take ports, start the telephone. Raises TelephonyError, OSError, ValueError."""
        self.telephone = Telephone(TelephonySettings.model_validate(FREE_PORTS))
        self.synthesiser = Synthesiser(self.synthesiser_settings)
        if self.wired and not re.search(r"^sips:|transport=(tls|tcp)", self.target, re.I):
            self.wire = Wire(address_of(self.target))
            await self.wire.open()
        await self.telephone.start()

    async def close(self) -> None:
        await self.telephone.stop()
        await self.synthesiser.close()
        if self.wire is not None:
            self.wire.close()

    async def dial(self, number: str, from_user: str, headers: Mapping[str, str]) -> OutgoingCall:
        """Place a call, once a line is free. Raises DialFailed, TimeoutError.

        A line whose call has just ended is busy until the library releases it.
        """
        async with self._dialling, asyncio.timeout(LINE_FREE_S):
            while self.telephone.active_calls >= self.telephone.capacity:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the library does not report when
            return await self.telephone.dial(self.uri(number), from_user=from_user, headers=headers)

    def uri(self, number: str) -> str:
        """The URI to dial for a number, or for a whole URI."""
        if number.startswith(("sip:", "sips:")):
            return number
        if self.wire is not None:
            return self.wire.uri(number)
        scheme, _, rest = self.target.partition(":")
        return f"{scheme}:{number}@{rest}"

    def repertoire(self, recordings: Path | None) -> Repertoire:
        """The recordings that can be recognised; with a folder, also those in it. Raises
        NotASound."""
        if recordings not in self._repertoires:
            more: Mapping[str, Known] = read_wavs(recordings) if recordings else {}
            self._repertoires[recordings] = Repertoire.of_library(self.library, more.values())
        return self._repertoires[recordings]

    def model(self, language: Language) -> Model:
        """The recogniser's model of a language. Raises ModelMissing."""
        if language not in self._models:
            directory = self.recognition.model_directory(language)
            self._models[language] = models.load_one(directory)
        return self._models[language]
