"""What a sound file promises of its own length, and whether it breaks off before.

A decoder believes what the file says: libsndfile stops where a header, or its guess from the first
frame of an MP3, says that the sound ends; and of a file that was cut it gives what is there without
a word. So the containers are read here, before anything is decoded: RIFF and AIFF by their chunks
(Microsoft/IBM 1991; RF64: EBU Tech 3306; AIFF 1.3), FLAC by its STREAMINFO (RFC 9639, 8.2), Ogg by
its pages (RFC 3533, 6), MP3 frame by frame (ISO/IEC 11172-3, 2.4.2.3; 13818-3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

UNKNOWN_FROM = 0x7FFF_0000
"""Sizes from here on are written by those who do not know it yet: a pipe, a live recording."""
_LOOKED_THROUGH = 1 << 16
"""Bytes among which the next frame of an MP3 is looked for, after some that are none."""
_BEFORE_SOUND = 4096
"""Bytes that may come before the first frame and are no tag."""
_KBIT_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44_100, 48_000, 32_000)
_ROOM_FOR_XING = 64


@dataclass(frozen=True)
class Promise:
    """What a file says of itself.

    Attributes:
        data: the file as a decoder reads it to its end.
        seconds: its length; None where it says nothing of it.
        cut: it breaks off in the middle of something.
        open_ended: the decoder is told of more than there is, and will complain at the end.
    """

    data: bytes
    seconds: float | None = None
    cut: bool = False
    open_ended: bool = False


def promise_of(data: bytes, longest_s: float) -> Promise:
    """Read a container. `longest_s`: a decoder need not go further than that, in seconds."""
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return _wav(data)
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return Promise(data, cut=_chunk_is_cut(data, b"SSND"))
    if data[:4] == b"fLaC" and len(data) >= 42:
        return _flac(data, longest_s)
    if data[:4] == b"OggS":
        return Promise(data, cut=_ogg_is_cut(data))
    return _mp3(data)


def _chunks(data: bytes, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and size of each chunk of a RIFF or FORM file."""
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from(f"{order}I", data, at + 4)[0]
        yield name, at + 8, size
        at += 8 + size + size % 2


def _chunk_is_cut(data: bytes, wanted: bytes) -> bool:
    return any(
        name == wanted and size < UNKNOWN_FROM and begins + size > len(data)
        for name, begins, size in _chunks(data, ">")
    )


def _wav(data: bytes) -> Promise:
    bytes_per_second, long_size = 0, UNKNOWN_FROM
    for name, begins, size in _chunks(data, "<"):
        if name == b"fmt " and begins + 16 <= len(data):
            bytes_per_second = struct.unpack_from("<I", data, begins + 8)[0]
        if name == b"ds64" and begins + 16 <= len(data):
            long_size = struct.unpack_from("<Q", data, begins + 8)[0]
        if name != b"data":
            continue
        size = long_size if size == 0xFFFF_FFFF else size
        if size >= UNKNOWN_FROM:
            return Promise(data)
        left = data[begins + size + size % 2 :]
        if len(left) > 8 and not _is_chunk(left):
            # The header was last brought up to date when the recording had come so far.
            whole = struct.pack("<I", len(data) - begins)
            return Promise(data[: begins - 4] + whole + data[begins:])
        if begins + size <= len(data):
            return Promise(data)  # all of it is there, whatever else the header says
        seconds = size / bytes_per_second if bytes_per_second else None
        return Promise(data, seconds, cut=seconds is None)
    return Promise(data)


def _is_chunk(data: bytes) -> bool:
    return all(0x20 <= letter < 0x7F for letter in data[:4]) or not any(data)


def _flac(data: bytes, longest_s: float) -> Promise:
    """The number of samples, 36 bits; in its place stands one that the decoder never comes to."""
    info = int.from_bytes(data[18:26], "big")
    rate, samples = info >> 44, info & ((1 << 36) - 1)
    if not rate:
        return Promise(data)
    beyond = min((1 << 36) - 1, max(samples, int((longest_s + 1) * rate)))
    info = (info >> 36 << 36) | beyond
    whole = data[:18] + info.to_bytes(8, "big") + data[26:]
    return Promise(whole, samples / rate if samples else None, open_ended=True)


def _ogg_is_cut(data: bytes) -> bool:
    """The last page is not whole, or is not marked as the last one."""
    at, last = 0, False
    while at + 27 <= len(data) and data[at : at + 4] == b"OggS":
        segments = data[at + 26]
        table = data[at + 27 : at + 27 + segments]
        size = 27 + segments + sum(table)
        if len(table) < segments or at + size > len(data):
            return True
        last = bool(data[at + 5] & 4)
        at += size
    return not last


@dataclass(frozen=True)
class _Frame:
    """The header of an MP3 frame, layer III."""

    head: bytes
    version: int
    rate: int
    size: int
    mono: bool

    @property
    def samples(self) -> int:
        return 1152 if self.version == 3 else 576

    @property
    def side(self) -> int:
        """Bytes of side information after the header; a Xing header comes after them."""
        if self.version == 3:
            return 17 if self.mono else 32
        return 9 if self.mono else 17

    def goes_on(self, other: _Frame | None) -> bool:
        return other is not None and (other.version, other.rate) == (self.version, self.rate)


def _frame(data: bytes, at: int) -> _Frame | None:
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bit_rate in (0, 15) or rate == 3:
        return None
    hz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    size = _size(version, hz, bit_rate) + (head[2] >> 1 & 1)
    return _Frame(head, version, hz, size, mono=head[3] >> 6 == 3)


def _size(version: int, hz: int, bit_rate: int) -> int:
    kbit = (_KBIT_1 if version == 3 else _KBIT_2)[bit_rate]
    return (144_000 if version == 3 else 72_000) * kbit // hz


def _mp3(data: bytes) -> Promise:
    """All frames are counted, and their number put where the decoder looks for it (Xing)."""
    tags = _after_tags(data)
    begins = _first_frame(data, tags, tags + _BEFORE_SOUND)
    if begins is None:
        return Promise(data)
    first = _frame(data, begins)
    assert first is not None
    promised = _frames_promised(data, begins, first)
    at = audio = begins if promised is None else begins + first.size
    count, cut = 0, False
    while True:
        frame = _frame(data, at)
        if not first.goes_on(frame):
            onwards = None
            if not _is_tag(data, at):
                onwards = _first_frame(data, at + 1, at + _LOOKED_THROUGH, first)
            if onwards is None:
                break
            at = onwards
            continue
        assert frame is not None
        if at + frame.size > len(data):
            cut = True
            break
        count += 1
        at += frame.size
    seconds = None if not promised else promised * first.samples / first.rate
    if promised is not None and count + 1 < promised:
        cut = True
    return Promise(_xing(first, count) + data[audio:at], seconds, cut)


def _after_tags(data: bytes) -> int:
    """Where ID3v2 tags before the sound end (id3.org, ID3v2.4, 3.1)."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        size = 0
        for byte in data[at + 6 : at + 10]:
            size = size << 7 | byte & 0x7F
        at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
    return at


def _first_frame(data: bytes, at: int, until: int, like: _Frame | None = None) -> int | None:
    """The next place at which two frames follow each other, of the same kind as `like`."""
    for begins in range(at, min(len(data), until)):
        if data[begins] != 0xFF:
            continue
        frame = _frame(data, begins)
        if frame is None or (like is not None and not like.goes_on(frame)):
            continue
        if frame.goes_on(_frame(data, begins + frame.size)):
            return begins
    return None


def _is_tag(data: bytes, at: int) -> bool:
    """What players write behind the sound: ID3v1, APE, Lyrics3; or nothing but padding."""
    left = data[at : at + 8]
    return left.startswith((b"TAG", b"APETAGEX", b"LYRICS")) or not any(data[at:])


def _frames_promised(data: bytes, at: int, frame: _Frame) -> int | None:
    """Of the first frame, if it holds no sound but such a header; 0: it says nothing of length."""
    xing = at + 4 + frame.side
    if data[xing : xing + 4] in (b"Xing", b"Info"):
        has_frames = len(data) >= xing + 12 and data[xing + 7] & 1
        return int.from_bytes(data[xing + 8 : xing + 12], "big") if has_frames else 0
    vbri = at + 4 + 32
    if data[vbri : vbri + 4] == b"VBRI":
        return int.from_bytes(data[vbri + 14 : vbri + 18], "big")
    return None


def _xing(frame: _Frame, count: int) -> bytes:
    """A frame without sound that says how many follow."""
    bit_rate = next(
        index for index in range(1, 15) if _size(frame.version, frame.rate, index) >= _ROOM_FOR_XING
    )
    size = _size(frame.version, frame.rate, bit_rate)
    head = bytes(
        (
            frame.head[0],
            frame.head[1] | 1,  # no check sum
            bit_rate << 4 | frame.head[2] & 0x0C,
            frame.head[3],
        )
    )
    written = head + bytes(frame.side) + b"Xing" + struct.pack(">II", 1, count)
    return written.ljust(size, b"\0")
