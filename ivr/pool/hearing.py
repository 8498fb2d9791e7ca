"""The ears of one worker's calls."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from ivr.observe import metrics
from ivr.telephony.line import CallLine
from speech.language import Language
from speech.recognition.ear import VoskEar
from speech.recognition.hearing import Utterance
from speech.recognition.models import Model
from speech.recognition.settings import RecognitionSettings

log = structlog.get_logger(__name__)


class Hearing:
    """Gives each call an ear; recognition runs on threads beside the event loop."""

    def __init__(self, models: Mapping[Language, Model], settings: RecognitionSettings) -> None:
        self._models = models
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.threads, "recogniser")

    def ear_of(self, line: CallLine) -> VoskEar | None:
        """None where no language can be heard."""
        if not self._models:
            return None
        return VoskEar(
            line.follow,
            self._models,
            self._settings,
            self._threads,
            _heard,
            _given_up,
        )

    def close(self) -> None:
        """Recognisers that still work are left to the end of the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _heard(utterance: Utterance) -> None:
    outcome = "nomatch" if not utterance.readings else "sure" if utterance.sure else "unsure"
    metrics.utterances_total.labels(language=utterance.language, outcome=outcome).inc()
    metrics.utterance_decided_seconds.labels(language=utterance.language).observe(
        utterance.decided_ms / 1000
    )


def _given_up(reason: str) -> None:
    log.error("speech is given up for this call", reason=reason)
    metrics.recognisers_given_up_total.labels(reason=reason).inc()
