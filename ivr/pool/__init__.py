"""The process model: one supervisor, forked call workers, and what is started beside them.

The supervisor is single-threaded and synchronous, because it forks: it loads prompts once, forks
workers that share them, and knows nothing of asyncio or pjsua2. A worker holds a few calls, one
asyncio loop and one pjsua2 endpoint.
"""
