"""The synthesiser's process: one JSON request a line in, one JSON answer a line out.

pyttsx3 on espeak-ng is neither thread-safe nor quick to say when it has failed, and its
`runAndWait` returns before the file is written. So it lives here, alone, and is asked one thing at
a time: save one text, wait for its "finished-utterance".
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, TextIO

import pyttsx3

PATIENCE_S = 30.0
TRIES = 5
WAV_HEADER_BYTES = 44


class Speaker:
    """pyttsx3's espeak driver, with a cure for its early return."""

    def __init__(self) -> None:
        self._finished = threading.Event()
        self._engine: Any = pyttsx3.init("espeak")
        self._voices = {one.id for one in self._engine.getProperty("voices")}
        self._engine.connect("finished-utterance", lambda *_, **__: self._finished.set())

    def save(self, text: str, voice: str, words_per_minute: int, path: str) -> None:
        """Write a WAV (22,050 Hz, mono, 16 bit). Raises ValueError, TimeoutError, RuntimeError.

        Now and then espeak-ng reports the end of a message before it has given any sound, and the
        driver writes an empty file: about one short text in a hundred. It is asked again.
        """
        if voice not in self._voices:  # the driver would go on with another voice
            raise ValueError(f"espeak-ng has no voice {voice}")
        for _ in range(TRIES):
            self._save_once(text, voice, words_per_minute, path)
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


def serve(questions: TextIO, answers: TextIO) -> int:
    """Answer until there are no more questions. Returns an exit status."""
    try:
        speaker = Speaker()
    except Exception as failure:  # pyttsx3 raises whatever its driver does
        _say(answers, {"ready": False, "why": f"espeak-ng is not usable: {failure}"})
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


def _say(answers: TextIO, what: dict[str, object]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


if __name__ == "__main__":
    # The driver prints on stdout; our answers go where it cannot reach.
    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.exit(serve(sys.stdin, ours))
