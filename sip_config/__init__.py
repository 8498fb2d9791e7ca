"""The SIP side of a node: settings, and the Kamailio front, the only part that faces the
network."""
