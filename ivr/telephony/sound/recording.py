"""Both sides of a call in one WAV file."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
import wave
from pathlib import Path

import numpy as np

from ivr.telephony.sound.frames import FRAME_S, SAMPLE_RATE, SILENCE

log = logging.getLogger("ivr.telephony.recording")

_FRAMES_PER_WRITE = 25
_LONGEST_BACKLOG = 1500  # 30 s: of a longer standstill of the disk, sound is lost

_Pair = tuple[bytes, bytes]
_Gap = int  # frames of silence


class Recording:
    """A stereo WAV (8 kHz, 16 bit): left what came from the other side, right what we played.

    Both channels follow the same 20 ms clock, so they are aligned to the sample. The file is
    written by a thread of its own and is a valid WAV after every half second.
    """

    def __init__(self, path: Path) -> None:
        """Create the file; sound is taken after `begin`.

        Raises:
            OSError: it cannot be created.
        """
        self.path = path
        self.lost_frames = 0
        """Frames that could not be written: the disk was full or too slow."""
        self._backlog: queue.SimpleQueue[_Pair | _Gap | None] = queue.SimpleQueue()
        self._waiting_since: float | None = time.monotonic()
        self._ended = False
        self._file = path.open("wb")
        self._wav = wave.open(self._file, "wb")  # noqa: SIM115 - closed by the writer
        self._wav.setnchannels(2)
        self._wav.setsampwidth(2)
        self._wav.setframerate(SAMPLE_RATE)
        self._writer = threading.Thread(target=self._write, name="recording", daemon=True)
        self._writer.start()

    def add(self, received: bytes, sent: bytes) -> None:
        """One frame of each side. Called by the frame clock only.

        Recordings have no mute of their own: secret frames are already silent when they come
        (`LineAudio.frame_to_send`, `KeySound`).
        """
        if self._ended or self._waiting_since is not None:
            return
        if self._backlog.qsize() >= _LONGEST_BACKLOG:
            self.lost_frames += 1
            return
        self._backlog.put((received, sent))

    def begin(self, now: float | None) -> None:
        """The frame clock starts; the time until then becomes silence. None: the clock runs
        already."""
        if self._waiting_since is not None and not self._ended:
            if now is not None:
                self._backlog.put(round((now - self._waiting_since) / FRAME_S))
            self._waiting_since = None

    def key_came(self) -> None:
        """Nothing to do: of the other side everything but the sound of keys is recorded."""

    def end(self) -> None:
        """No more frames; the file is closed soon. May be called twice."""
        if not self._ended:
            self._ended = True
            self._backlog.put(None)

    async def closed(self) -> None:
        """End the recording and wait until the file is complete."""
        self.end()
        await asyncio.to_thread(self._writer.join)

    def _write(self) -> None:
        batch: list[_Pair] = []
        failed = False
        while (item := self._backlog.get()) is not None:
            if isinstance(item, int):
                for _ in range(item):
                    batch.append((SILENCE, SILENCE))
                    if len(batch) >= _FRAMES_PER_WRITE:
                        failed, batch = self._save(batch, failed), []
            else:
                batch.append(item)
            if len(batch) >= _FRAMES_PER_WRITE:
                failed, batch = self._save(batch, failed), []
        self._save(batch, failed)
        try:
            self._wav.close()
            self._file.close()
        except OSError as error:
            log.error("a recording could not be closed: %s", error)

    def _save(self, batch: list[_Pair], failed: bool) -> bool:
        if not failed and batch:
            try:
                self._wav.writeframes(_interleaved(batch))
            except OSError as error:
                log.error("a recording stops, the call goes on: %s", error)
                failed = True
        if failed:
            self.lost_frames += len(batch)
        return failed


def _interleaved(batch: list[_Pair]) -> bytes:
    left = np.frombuffer(b"".join(pair[0] for pair in batch), dtype="<i2")
    right = np.frombuffer(b"".join(pair[1] for pair in batch), dtype="<i2")
    return np.column_stack((left, right)).tobytes()
