"""The SIP library: its copies, line cards, calls and callbacks, and the thread that owns them."""
