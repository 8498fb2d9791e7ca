"""The Prometheus metrics of a node, summed over its supervisor and all its workers.

Labels take their values from closed sets of ours (outcomes, fields, prompts, operations), never
from the network.
"""

from __future__ import annotations

import threading
from socketserver import TCPServer, ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    make_wsgi_app,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from ground.outlet import when_dropped
from ivr.observe import metrics_directory

metrics_directory.in_use()

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_REGISTRY = CollectorRegistry()

# Times that a caller notices have fine buckets around the targets (60, 100 and 120 ms).
_CALLER_SECONDS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_BACK_END_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, labels, namespace="rocars_ivr", registry=_REGISTRY)


def _histogram(
    name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _CALLER_SECONDS
) -> Histogram:
    return Histogram(
        name, meaning, labels, namespace="rocars_ivr", registry=_REGISTRY, buckets=buckets
    )


calls_total = _counter("calls", "Calls ended, by outcome of their CDR.", "outcome")
calls_active = Gauge(
    "calls_active",
    "Calls in progress.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
lines_capacity = Gauge(
    "lines_capacity",
    "Calls the running workers can hold.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
self_tests_total = _counter("self_tests", "Calls the service placed to itself.", "outcome")
self_test_passed = Gauge(
    "self_test_passed",
    "Whether the last call to itself passed; absent before the first.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
)
utterances_total = _counter(
    "utterances", "Utterances of callers, by what came of them.", "language", "outcome"
)
utterance_decided_seconds = _histogram(
    "utterance_decided_seconds", "From the last sound of an answer to its result.", "language"
)
recognisers_given_up_total = _counter(
    "recognisers_given_up", "Calls that went on by keypad alone, by reason.", "reason"
)
console_logins_total = _counter("console_logins", "Log-ins to the console.", "outcome")
console_api_requests_total = _counter(
    "console_api_requests", "Requests to the API of the console.", "scope", "outcome"
)
console_connections_refused_total = _counter(
    "console_connections_refused",
    "Connections to the console closed: too many of all or of one address, or too slow.",
    "why",
)
chores_failed_total = _counter(
    "chores_failed", "Chores of the housekeeping that could not be done, by chore.", "chore"
)
draining = Gauge(
    "draining",
    "1 while the node takes no new calls.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
overloaded = Gauge(
    "overloaded",
    "1 while the node takes no new calls since it has too much to do.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
overloads_total = _counter("overloads", "Times the node became overloaded.")
frames_total = _counter("frames", "Frames of 20 ms that were due to running calls.")
late_frames_total = _counter(
    "late_frames", "Of them, those handed out later than pool.overload.late_ms."
)
late_frames_share = Gauge(
    "late_frames_share",
    "Share of late frames within pool.overload.window_s.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
pressure = Gauge(
    "pressure",
    "Share of the time that processes of the machine waited for cpu, memory or io; steal: of the "
    "processors' time, taken by the host.",
    ["resource"],
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
sound_in_real_time = Gauge(
    "sound_in_real_time",
    "Call workers whose sound is scheduled in real time.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
frame_path_compiled = Gauge(
    "frame_path_compiled",
    "Call workers whose frame path is compiled.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
records_degraded = Gauge(
    "records_degraded",
    "1 while a process cannot write its records to the database.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)

invite_to_answer_seconds = _histogram(
    "invite_to_answer_seconds", "From INVITE to our 200, as the worker sees them."
)
key_to_silence_seconds = _histogram(
    "key_to_silence_seconds", "Barge-in: from a key to the end of the prompt it interrupts."
)
key_to_prompt_seconds = _histogram(
    "key_to_prompt_seconds", "From the last key of an answer to the next prompt.", "field"
)
back_end_seconds = _histogram(
    "back_end_seconds",
    "Requests to ROCARS.",
    "operation",
    "outcome",
    buckets=_BACK_END_SECONDS,
)

noinput_total = _counter("noinput", "Questions met with silence.", "field")
nomatch_total = _counter("nomatch", "Answers that did not fit the question.", "field")
prompt_stand_ins_total = _counter(
    "prompt_stand_ins",
    "Prompts that could not be played from a recording, and what was done instead.",
    "language",
    "prompt",
    "how",
)
logins_total = _counter("logins", "Attempts to log in.", "outcome")
bundles_total = _counter("bundles", "Attempts to bundle.", "outcome")
requests_open = Gauge(
    "requests_open",
    "Requests in a driver's name that are older than any call waits, and not settled.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
requests_recovered_total = _counter(
    "requests_recovered", "Requests settled after their call, by how they ended.", "outcome"
)
callers_recognised_total = _counter(
    "callers_recognised", "Calling numbers looked up before the greeting.", "outcome"
)
text_messages_total = _counter(
    "text_messages", "Text messages with a bundling reference, by what the gateway said.", "outcome"
)
practice_calls_total = _counter("practice_calls", "Calls to the practice line.")
alert_messages_total = _counter(
    "alert_messages", "Messages about alerts, by way and what became of them.", "channel", "outcome"
)
back_end_up = Gauge(
    "back_end_up",
    "1 while ROCARS answers the console's question for its health.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
)
recordings_missing = Gauge(
    "recordings_missing",
    "Recordings of the script that are not there.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
)
certificate_expires_seconds = Gauge(
    "certificate_expires_seconds",
    "When the certificate of SIP over TLS expires, seconds since 1970; absent without one.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
)
reports_total = _counter("reports", "Reports by e-mail, by what became of them.", "outcome")
announcements_total = _counter("announcements", "Announcements of the day that calls began with.")
call_recordings_total = _counter(
    "call_recordings",
    "Calls that were to be recorded: whole, or why not (no_key, no_room, late, failed).",
    "outcome",
)
worker_restarts_total = _counter("worker_restarts", "Call workers that died and were replaced.")
front_restarts_total = _counter(
    "front_restarts", "Times the SIP front (Kamailio) died and was started again."
)
edge_node_up = Gauge(
    "edge_node_up",
    "At the edge: 1 while a node takes calls.",
    ["name"],
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
edge_node_calls = Gauge(
    "edge_node_calls",
    "At the edge: calls given to a node and not ended.",
    ["name"],
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
trunk_registered = Gauge(
    "trunk_registered",
    "1 while our registration at a trunk holds.",
    ["trunk"],
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
records_lost_total = _counter(
    "records_lost", "Records that are in the log and not in the database.", "record"
)
callback_errors_total = _counter(
    "callback_errors", "Exceptions in callbacks of the SIP library.", "callback"
)


purge_waits = Gauge(
    "purge_waits",
    "1 while old records are not deleted since the clock may be wrong, or they are too many.",
    namespace="rocars_ivr",
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
log_lines_dropped_total = _counter(
    "log_lines_dropped", "Lines of the log that were dropped since nobody read it."
)
when_dropped(log_lines_dropped_total.inc)


class MeteredRecords:
    """Counts successes and failures of this process's records
    (`ivr.records.lost_records.RecordsMonitor`)."""

    def lost(self, record: str) -> None:
        records_lost_total.labels(record=record).inc()

    def degraded(self, degraded: bool) -> None:
        records_degraded.set(1 if degraded else 0)


def render() -> bytes:
    """The metrics of all processes added up, in Prometheus' text format (`CONTENT_TYPE`)."""
    return generate_latest(_of_all_processes())


def serve(host: str, port: int) -> None:
    """Serve the metrics over HTTP, in a thread, as long as this process lives.

    Raises OSError when the port is taken.
    """
    server = make_server(
        host, port, make_wsgi_app(_of_all_processes()), _MetricsServer, _SilentHandler
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _MetricsServer(ThreadingMixIn, WSGIServer):
    """Answers several requests at once, and does not look up its own name, as `http.server`
    would."""

    daemon_threads = True

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: every scrape would be a line."""


def _of_all_processes() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(  # type: ignore[no-untyped-call]
        registry, path=str(metrics_directory.in_use())
    )
    return registry


def worker_died(pid: int) -> None:
    """Drop the gauges of a process that is gone; its counters and histograms still count."""
    mark_process_dead(pid, path=str(metrics_directory.in_use()))  # type: ignore[no-untyped-call]
