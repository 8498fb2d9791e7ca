"""SIP calls on pjsua2, with an asyncio face: the only room that knows pjsua2.

`telephone.Telephone` is the door: it takes calls (`incoming.IncomingCall`), places them
(`outgoing.OutgoingCall`) and gives each answered call as a `line.CallLine`, which fulfils
`ivr.dialogue.line.Line`.

Forking: importing these modules loads pjsua2 but starts nothing of it, so a supervisor may import
them and fork workers. `Telephone.start` creates the library's threads and sockets: only after the
fork, and one `Telephone` a process at a time. A worker process ends with `os._exit` once
`Telephone.stop` has returned, so that no destructor of the library runs at interpreter exit.
"""
