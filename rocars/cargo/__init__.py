"""Consignments and their CCRNs."""
