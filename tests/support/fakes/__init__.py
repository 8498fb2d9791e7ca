"""Small hand-written stand-ins for the rooms a flow talks to."""
