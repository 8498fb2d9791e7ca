"""Writes the recordings of one worker's calls, on a thread of its own.

No call waits for a disk: who is recorded is settled within `OPEN_WITHIN_S`, else the call goes on
without a recording; after that the line only puts frames into memory. Whatever fails ends the
recording and not the call, and is said in the log and by a metric.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

import structlog

from ivr.call.call_tape import CallTape
from ivr.observe import metrics
from ivr.recorded_calls.sealed import NoKey, SealedFile
from ivr.recorded_calls.settings import CallRecordingSettings
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.recorded_calls.sound import packed

log = structlog.get_logger("ivr.call.recorder")

OPEN_WITHIN_S = 1.0
WRITE_EVERY_S = 1.0
CLOSE_WITHIN_S = 5.0

_FRAMES_A_PIECE = 100
"""Two seconds: what is lost at most, with what has not been looked at yet, if the process dies."""


class NoRoom(Exception):
    """The disk has less room than it must keep."""


class StoodStill(Exception):
    """The disk took nothing for so long that sound was lost."""


@dataclass
class CallRecording:
    """The recording of one call: where its frames come from and go to.

    Attributes:
        day: that on which the call was offered, UTC.
        given_up: the call did not wait until the file was open: it goes on without.
    """

    call_id: str
    day: date
    tape: CallTape = field(default_factory=CallTape)
    opened: Future[bool] = field(default_factory=Future)
    given_up: bool = False
    file: BinaryIO | None = None
    sealed: SealedFile | None = None
    pieces: int = 0

    async def begun(self) -> CallTape | None:
        """Wait until it has; gives where the line puts its frames. None where the call cannot be
        recorded, which has been said then: the caller must not hear that they are recorded."""
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                return self.tape if await asyncio.wrap_future(self.opened) else None
        except TimeoutError:
            self.given_up = True
            _failed(self.call_id, "late", f"the disk took over {OPEN_WITHIN_S:g} s")
            return None


class CallRecorder:
    """Of one worker. Used on its event loop; `shelf` is touched by the writer's thread alone."""

    def __init__(self, settings: CallRecordingSettings, shelf: RecordedCalls) -> None:
        self._keys = tuple(key.get_secret_value() for key in settings.keys)
        self._leave_free = settings.leave_free_mb * 1_000_000
        self._shelf = shelf
        self._new: queue.SimpleQueue[CallRecording | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="call recorder", daemon=True)
        self._thread.start()

    def start(self, call_id: str, day: date) -> CallRecording:
        """Have the recording of a call begun. Whoever starts it ends its tape."""
        recording = CallRecording(call_id, day)
        self._new.put(recording)
        return recording

    async def close(self) -> None:
        """Write what is still in memory, and stop; what the disk does not take in time is lost."""
        self._new.put(None)
        await asyncio.to_thread(self._thread.join, CLOSE_WITHIN_S)

    # On the writer's thread

    def _work(self) -> None:
        running: list[CallRecording] = []
        next_at = time.monotonic() + WRITE_EVERY_S
        while True:
            try:
                recording = self._new.get(timeout=max(0.0, next_at - time.monotonic()))
            except queue.Empty:
                next_at = time.monotonic() + WRITE_EVERY_S
                running = [recording for recording in running if self._goes_on(recording)]
                continue
            if recording is None:
                break
            if self._opens(recording):
                running.append(recording)
        for recording in running:
            recording.tape.end()
            self._goes_on(recording)

    def _opens(self, recording: CallRecording) -> bool:
        try:
            self._must_have_room()
            recording.file = self._shelf.new(recording.call_id, recording.day)
            recording.sealed = SealedFile(recording.file, recording.call_id, self._keys)
        except Exception as failure:
            _failed(recording.call_id, *_reason(failure))
            self._drop(recording)
            _answer(recording, is_open=False)
            return False
        if not _answer(recording, is_open=True):
            self._drop(recording)
            return False
        return True

    def _goes_on(self, recording: CallRecording) -> bool:
        """Write what has come; false once the recording is over, whole or not."""
        tape, sealed, file = recording.tape, recording.sealed, recording.file
        assert sealed is not None
        assert file is not None
        if recording.given_up:
            self._drop(recording)
            return False
        over = tape.over
        try:
            self._must_have_room()
            while tape.waiting >= _FRAMES_A_PIECE or (over and tape.waiting):
                sealed.write(packed(*tape.take(_FRAMES_A_PIECE)))
                recording.pieces += 1
            if tape.spoilt:
                raise StoodStill("the disk took nothing for so long that sound was lost")
            if not over:
                return True
            if not recording.pieces:  # the caller left before there was any sound
                self._drop(recording)
                return False
            sealed.finish()
            file.close()
        except Exception as failure:
            tape.end()
            _failed(recording.call_id, *_reason(failure))
            _close(file)
            return False
        metrics.call_recordings_total.labels(outcome="whole").inc()
        return False

    def _must_have_room(self) -> None:
        """Raises NoRoom, OSError."""
        free = self._shelf.free_bytes()
        if free < self._leave_free:
            raise NoRoom(f"the disk has {free / 1e6:.0f} MB left, less than leave_free_mb")

    def _drop(self, recording: CallRecording) -> None:
        """There is no recording of this call after all."""
        recording.tape.end()
        if recording.file is not None:
            _close(recording.file)
            try:
                self._shelf.drop(recording.call_id, recording.day)
            except OSError as failure:
                log.error("a file without sound is left", why=str(failure))


def _answer(recording: CallRecording, *, is_open: bool) -> bool:
    """Say whether the recording has begun; false if the call did not wait for that."""
    waited_for = recording.opened.set_running_or_notify_cancel()
    if waited_for:
        recording.opened.set_result(is_open)
    return waited_for


def _failed(call_id: str, outcome: str, why: str) -> None:
    log.error("a call is not recorded, or not to its end", call_id=call_id, why=why)
    metrics.call_recordings_total.labels(outcome=outcome).inc()


def _reason(failure: Exception) -> tuple[str, str]:
    """The outcome for the metric, and the words for the log."""
    match failure:
        case NoKey():
            return "no_key", str(failure)
        case NoRoom():
            return "no_room", str(failure)
        case StoodStill():
            return "late", str(failure)
        case _:
            return "failed", f"{type(failure).__name__}: {failure}"


def _close(file: BinaryIO) -> None:
    try:
        file.close()
    except OSError as failure:  # what was in its buffer is lost with it
        log.error("a recording could not be closed", why=str(failure))
