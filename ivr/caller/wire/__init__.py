"""The wire between a caller and the service: it changes what is sent, and records everything.

A caller made with `ivr.telephony` is a correct telephone. Testers need others: telephones whose
keys have no marker bit, lines that lose packets. The wire is a SIP proxy that stays in the dialog
(Record-Route, RFC 3261, 16.6) and a relay for RTP, between the two.
"""
