"""What one call needs between its INVITE and its CDR: reception, ledger, trace, hints, endings.

Loggers keep the names they had in `ivr/pool`: people filter their logs by them.
"""
