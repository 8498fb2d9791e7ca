"""A line card: one copy of the SIP library, with a SIP port and as many lines as it grants.

Here it is started and stopped: its transport, codecs, clock and account.
"""

from __future__ import annotations

import logging
from typing import Any

import pjsua2 as pj

from ivr.telephony.errors import EndpointFailed, TelephonyError
from ivr.telephony.library.binding import Binding
from ivr.telephony.library.bridge import Bridge
from ivr.telephony.library.c_library import (
    be_quiet,
    calls_granted,
    calls_held,
    give_up_after,
    handle_events,
)
from ivr.telephony.library.callbacks import account_class, endpoint_class, free, log_class
from ivr.telephony.library.reports import CardReports
from ivr.telephony.library.sound_stream import SoundStream
from ivr.telephony.settings import SessionTimer, TelephonySettings
from ivr.telephony.sound.frames import FRAME_MS, SAMPLE_RATE

library_log = logging.getLogger("ivr.telephony.sip_library")

_TIMERS = {
    SessionTimer.OFF: pj.PJSUA_SIP_TIMER_INACTIVE,
    SessionTimer.OPTIONAL: pj.PJSUA_SIP_TIMER_OPTIONAL,
    SessionTimer.REQUIRED: pj.PJSUA_SIP_TIMER_REQUIRED,
    SessionTimer.ALWAYS: pj.PJSUA_SIP_TIMER_ALWAYS,
}
_EVENTS_A_POLL, _MOST_POLLS = 16, 16
"""The library serves this many sockets in one poll (PJ_IOQUEUE_MAX_EVENTS_IN_SINGLE_POLL), and we
poll so often at most: a card of four calls has nine sockets, a build with more calls has more."""
_PORTS_PER_CALL = 2
_PORTS_BESIDE_CALLS = 16

_in_use: set[Binding] = set()
"""Copies that run. A second endpoint in one copy would end the process."""


class LineCard:
    """One running copy of the library. Created, used and stopped on the pj thread."""

    def __init__(
        self, reports: CardReports[LineCard], binding: Binding, settings: TelephonySettings
    ) -> None:
        """Start the copy.

        Raises:
            EndpointFailed: the address or port is taken, this copy runs already, or it is a build
                we cannot exchange sound with.
        """
        if binding in _in_use:
            raise EndpointFailed("the SIP library already runs in this process")
        _in_use.add(binding)
        self.binding = binding
        self.callback_failed = reports.callback_failed
        self._pj = endpoint_class(binding.pj)(reports)
        be_quiet(binding.c)
        self._pj.libCreate()
        try:
            self._start(reports, settings)
        except (pj.Error, EndpointFailed) as error:
            self._pj.libDestroy()
            _in_use.discard(binding)
            if isinstance(error, EndpointFailed):
                raise
            raise EndpointFailed(
                f"the SIP endpoint cannot start on {settings.sip_host}:{settings.sip_port}: "
                f"{error.reason}"
            ) from error

    def _start(self, reports: CardReports[LineCard], settings: TelephonySettings) -> None:
        own = self.binding.pj
        self._pj.libInit(_library_settings(own, settings))
        give_up_after(self.binding.c, settings.transaction_timeout_s)
        self.bridge = Bridge(self.binding)
        transport = own.TransportConfig()
        transport.port = settings.sip_port
        transport.boundAddress = str(settings.sip_host)
        transport_id = self._pj.transportCreate(own.PJSIP_TRANSPORT_UDP, transport)
        for codec in self._pj.codecEnum2():
            name = codec.codecId.split("/")[0]
            wanted = name in settings.codecs
            rank = settings.codecs.index(name) if wanted else 0
            self._pj.codecSetPriority(codec.codecId, 200 - rank if wanted else 0)
            if wanted and not settings.conceal_loss:
                parameters = self._pj.codecGetParam(codec.codecId)
                parameters.setting.plc = False
                self._pj.codecSetParam(codec.codecId, parameters)
        self._pj.libStart()
        address = self._pj.transportGetInfo(transport_id).localAddress
        host, _, port = address.rpartition(":")
        self.sip_address = (host, int(port))
        self.account = account_class(own)(reports, self)
        self.account.create(_account_settings(own, settings, address), True)

    @property
    def lines(self) -> int:
        """Calls that the card holds at once."""
        return calls_granted(self.binding.c)

    @property
    def calls_held(self) -> int:
        """Call slots in use."""
        return calls_held(self.binding.c)

    def poll(self) -> None:
        """Do the work that is due and take the packets that have come, without waiting.

        Not by `libHandleEvents`, which hands over Python's lock and takes it back each time: that
        takes longer than an empty poll. What it does besides is in `look_after`.
        """
        library = self.binding.c
        for _ in range(_MOST_POLLS):
            if handle_events(library) < _EVENTS_A_POLL:
                return

    def look_after(self) -> None:
        """Do what pjsua2 has put off; a few times a second."""
        self._pj.libHandleEvents(0)
        self.bridge.settle()

    def take_stream(self, param: Any) -> SoundStream:
        """A leg has a new stream. Raises TelephonyError for sound that is not of our form."""
        port = self.bridge.take_stream(param)
        try:
            return SoundStream(self.binding.c, port)
        except TelephonyError:
            self.bridge.lose_stream(port)
            raise

    def lose_stream(self, stream: SoundStream) -> None:
        """A leg's stream has ended."""
        self.bridge.lose_stream(stream.address)

    def stop(self) -> None:
        """Close everything. Every call and port must be gone by now."""
        self.account.shutdown()
        free(self.account)
        self._pj.libDestroy()
        del self._pj
        _in_use.discard(self.binding)


def _library_settings(own: Any, settings: TelephonySettings) -> Any:
    config = own.EpConfig()
    writer = log_class(own)(library_log)
    writer.__disown__()  # the library deletes it
    config.logConfig.writer = writer
    config.logConfig.level = settings.library_log_level
    config.logConfig.consoleLevel = settings.library_log_level
    config.logConfig.msgLogging = 0  # bodies may hold key presses
    ua, media = config.uaConfig, config.medConfig
    ua.maxCalls = settings.max_calls
    ua.threadCnt = 0
    ua.mainThreadOnly = False  # or keys would wait a poll; events come on our thread anyway
    ua.userAgent = settings.user_agent
    media.clockRate = media.sndClockRate = SAMPLE_RATE
    media.audioFramePtime = media.ptime = FRAME_MS
    media.channelCount = 1
    media.maxMediaPorts = settings.max_calls * _PORTS_PER_CALL + _PORTS_BESIDE_CALLS
    media.quality = 3
    media.noVad = True  # RTP must also flow during silence
    media.ecTailLen = 0
    media.threadCnt = 0
    media.hasIoqueue = False  # our poll takes the sound in, not a thread of its own
    media.sndAutoCloseTime = -1  # our own clock moves the sound
    return config


def _account_settings(own: Any, settings: TelephonySettings, sip_address: str) -> Any:
    config = own.AccountConfig()
    config.idUri = f"sip:ivr@{sip_address}"
    transport = config.mediaConfig.transportConfig
    transport.boundAddress = str(settings.media_address)
    if settings.media_advertised_address is not None:
        transport.publicAddress = str(settings.media_advertised_address)
    transport.port = settings.rtp_port_first
    if settings.rtp_port_first:
        transport.portRange = settings.rtp_ports_per_card - 2
    if settings.srtp:
        config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_OPTIONAL
        config.mediaConfig.srtpSecureSignaling = 0  # TLS is the front's; loopback here
    calls = config.callConfig
    calls.timerUse = _TIMERS[settings.session_timer]
    calls.timerSessExpiresSec = settings.session_expires_s
    calls.timerMinSESec = settings.session_min_expires_s
    nat = config.natConfig
    nat.sdpNatRewriteUse = nat.viaRewriteUse = nat.contactRewriteUse = 0
    return config
