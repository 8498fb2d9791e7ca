"""Checks what a node needs of its machine, once before anything is started.

Ports, addresses, files and programs. `rocars-ivr serve` and `rocars-ivr config check` use the same
list: one line says what is missing, who holds it, and which setting changes it. Nothing heavy is
imported here: no sound, no database, no SIP library.
"""
