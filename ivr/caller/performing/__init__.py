"""Performing a scenario: placing its calls, step by step, and judging what was heard."""
