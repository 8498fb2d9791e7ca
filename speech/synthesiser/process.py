"""The synthesiser's process: one JSON request a line in, one JSON answer a line out.

pyttsx3 on espeak-ng is not thread-safe, reports failures late, and its `runAndWait` returns before
the file is written. So it runs here alone, one request at a time: save one text, wait for its
"finished-utterance".

    python -m speech.synthesiser.process [MODULE SETTINGS]

With the module of a driver and its settings (JSON), pyttsx3 drives that one instead of espeak-ng.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from typing import Any, TextIO

import pyttsx3

PATIENCE_S = 30.0
TRIES = 5
WAV_HEADER_BYTES = 44
OURS = "rocars_ivr"

_NICENESS = 5
"""A call worker starts this process and may have negative niceness itself; calls come first
(nice(2))."""


class Speaker:
    """A driver of pyttsx3: espeak's, with a fix for its early return, or another one."""

    def __init__(self, driver: str = "espeak") -> None:
        self._finished = threading.Event()
        self._failures: list[Exception] = []
        self._name = "espeak-ng" if driver == "espeak" else driver
        self._engine: Any = pyttsx3.init(driver)
        self._voices = {voice.id for voice in self._engine.getProperty("voices")}
        self._engine.connect("finished-utterance", lambda *_, **__: self._finished.set())
        self._engine.connect("error", lambda exception, **__: self._failures.append(exception))

    def save(self, text: str, voice: str, words_per_minute: int, path: str) -> None:
        """Write a WAV (22,050 Hz, mono, 16 bit). Raises ValueError, TimeoutError, RuntimeError.

        Sometimes espeak-ng reports the end of a text before it has made any sound, and the driver
        writes an empty file: for about one short text in a hundred. Then the text is spoken again.
        """
        if voice not in self._voices:  # otherwise the driver would go on with another voice
            raise ValueError(f"{self._name} has no voice {voice}")
        for _ in range(TRIES):
            self._failures.clear()
            self._save_once(text, voice, words_per_minute, path)
            if self._failures:
                raise RuntimeError(str(self._failures[0]))
            if os.path.getsize(path) > WAV_HEADER_BYTES:
                return
        raise RuntimeError("the synthesiser wrote no sound")

    def _save_once(self, text: str, voice: str, words_per_minute: int, path: str) -> None:
        self._finished.clear()
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", words_per_minute)
        self._engine.save_to_file(text, path)
        self._engine.runAndWait()
        if not self._finished.wait(PATIENCE_S):
            raise TimeoutError("the synthesiser did not finish")


def serve(questions: TextIO, answers: TextIO, driver: str = "", settings: str = "{}") -> int:
    """Answer requests until there are no more. Returns an exit status."""
    try:
        speaker = Speaker(_registered(driver, settings) if driver else "espeak")
    except Exception as failure:  # pyttsx3 raises whatever its driver does
        _say(answers, {"ready": False, "why": f"{driver or 'espeak-ng'} is not usable: {failure}"})
        return 1
    _say(answers, {"ready": True})
    for line in questions:
        asked = json.loads(line)
        try:
            speaker.save(asked["text"], asked["voice"], asked["words_per_minute"], asked["path"])
        except Exception as failure:
            _say(answers, {"done": False, "why": str(failure)})
        else:
            _say(answers, {"done": True})
    return 0


def _registered(module: str, settings: str) -> str:
    """Register a driver that is not part of pyttsx3; returns the name under which pyttsx3 finds
    it."""
    driver = importlib.import_module(module)
    driver.configure(settings)
    sys.modules[f"pyttsx3.drivers.{OURS}"] = driver
    return OURS


def _say(answers: TextIO, what: dict[str, object]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


if __name__ == "__main__":
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    # The driver prints on stdout; our answers use a descriptor that it cannot reach.
    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.exit(serve(sys.stdin, ours, *sys.argv[1:]))
