"""The conversations, one file each. Start reading at `answer`.

A flow uses `ivr.dialogue` and the protocol of `backend_client`, and nothing else: it runs unchanged
on a live call and on a scripted line in a test, and is drawn from its own source
(``rocars-ivr flows draw``).
"""
