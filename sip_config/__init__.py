"""The SIP side of a node: settings, and the Kamailio front that faces the network."""
