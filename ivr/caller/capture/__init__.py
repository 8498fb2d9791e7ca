"""Packet captures (pcap, pcapng): finds the calls in them and turns a call into a scenario."""
