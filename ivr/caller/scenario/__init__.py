"""Scenario files: what a scripted caller does and must hear."""
