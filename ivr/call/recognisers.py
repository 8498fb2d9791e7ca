"""The speech recognisers of one worker's calls."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from weakref import WeakSet

import structlog

from ivr.observe import metrics
from ivr.telephony.line import CallLine
from speech.languages.language import Language
from speech.recognition.hearing import Utterance
from speech.recognition.models import Model
from speech.recognition.settings import RecognitionSettings
from speech.recognition.vosk_recogniser import VoskRecogniser

log = structlog.get_logger("ivr.call.recognisers")

_BEHIND = 3
"""Levels of niceness between the event loop of a worker and its recognisers."""


class Recognisers:
    """Gives each call a recogniser; recognition runs on threads beside the event loop."""

    def __init__(self, models: Mapping[Language, Model], settings: RecognitionSettings) -> None:
        self._models = models
        self._settings = settings
        self._threads = ThreadPoolExecutor(
            settings.threads, "recogniser", initializer=partial(run_behind, _BEHIND)
        )
        self._made: WeakSet[VoskRecogniser] = WeakSet()

    def recogniser_of(self, line: CallLine) -> VoskRecogniser | None:
        """Make the recogniser of a call; None if no language has a model."""
        if not self._models:
            return None
        recogniser = VoskRecogniser(
            line.follow,
            self._models,
            self._settings,
            self._threads,
            _count_utterance,
            _count_given_up,
        )
        self._made.add(recogniser)
        return recogniser

    def give_up(self, reason: str) -> None:
        """Give up speech in all calls, which go on by keypad and tell their callers so. May be
        called again."""
        for recogniser in list(self._made):
            recogniser.give_up(reason)

    def close(self) -> None:
        """Stop; recognisers that still work are left to the end of the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _count_utterance(utterance: Utterance) -> None:
    outcome = "nomatch" if not utterance.readings else "sure" if utterance.sure else "unsure"
    metrics.utterances_total.labels(language=utterance.language, outcome=outcome).inc()
    metrics.utterance_decided_seconds.labels(language=utterance.language).observe(
        utterance.decided_ms / 1000
    )


def _count_given_up(reason: str) -> None:
    log.error("speech is given up for this call", reason=reason)
    metrics.recognisers_given_up_total.labels(reason=reason).inc()


def run_behind(levels: int) -> None:
    """Give the calling thread a little less priority than the others of its process.

    Only a little: if a thread that holds the interpreter's lock does not get a processor, all other
    threads wait, the sound among them.
    """
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + levels)
