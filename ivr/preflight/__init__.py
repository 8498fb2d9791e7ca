"""What a node needs of its machine, tried once before anything is started.

Ports, addresses, files and programs. `rocars-ivr serve` and `rocars-ivr config check` go by the
same list, so that a newcomer hears in one line what is missing, who has it, and which setting moves
it. Nothing heavy is imported here: no sound, no database, no SIP library.
"""
