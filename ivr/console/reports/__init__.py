"""Figures of days, weeks and months by e-mail."""
