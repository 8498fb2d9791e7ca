"""Scenario files: what a scripted caller does and what he must hear."""
