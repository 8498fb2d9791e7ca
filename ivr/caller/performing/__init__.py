"""Performs a scenario: places its calls, takes their steps, and judges what was heard."""
