"""Callers that are programs: they dial the service over real SIP and RTP, as a stranger would."""
