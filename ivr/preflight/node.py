"""The complete list of what a node, or an edge, needs of its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.preflight import files
from ivr.preflight.port_list import CARDS, edge_ports, node_ports, rtp_ranges
from ivr.preflight.ports import port_findings
from ivr.preflight.programs import kamailio_findings, synthesiser_findings

if TYPE_CHECKING:
    from ivr.preflight.findings import Finding
    from ivr.settings.service import Settings


def node_findings(
    settings: Settings, ours: frozenset[int] = frozenset(), *, usual_ports: bool = False
) -> list[Finding]:
    """What a node lacks, worst first; empty when it can be started.

    Args:
        ours: processes of a node that runs with these settings; ports that they hold are fine.
        usual_ports: also check the usual ports of the line cards if any port would do.
    """
    try:
        groups, ranges = node_ports(settings), rtp_ranges(settings)
        if settings.telephony.sip_port == 0 and not usual_ports:  # the start finds free ones
            groups = [group for group in groups if group.setting != CARDS]
    except ValueError as failure:
        return [_too_high(failure)]
    findings = [
        *port_findings(groups, ranges, ours),
        *kamailio_findings(settings.sip),
        *files.data_findings(settings),
        *files.records_findings(settings),
        *files.recording_findings(settings),
        *files.scenario_findings(settings),
        *files.calendar_findings(settings),
        *files.model_findings(settings),
        *synthesiser_findings(),
    ]
    return sorted(findings, key=lambda finding: not finding.fatal)


def edge_findings(settings: Settings) -> list[Finding]:
    """The same for an edge, which has a front and metrics, but no workers and no records."""
    return [
        *port_findings(edge_ports(settings), []),
        *kamailio_findings(settings.sip),
        *files.data_findings(settings),
    ]


def _too_high(failure: ValueError) -> Finding:
    from ivr.preflight.findings import Finding

    return Finding("telephony.sip_port", str(failure))
