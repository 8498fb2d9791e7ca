"""The process model: one supervisor, forked call workers, and what is started beside them.

The supervisor is single-threaded and synchronous, because it forks: it loads prompts once, forks
workers that share them, and knows nothing of asyncio or pjsua2. A worker holds one asyncio loop,
one thread of pjsua2, and the calls of its line cards.

Loggers keep the names they had in `ivr/pool`: people filter their logs by them.
"""
