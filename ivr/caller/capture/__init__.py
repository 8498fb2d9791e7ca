"""Packet captures (pcap, pcapng): the calls in them, and one of them told again."""
