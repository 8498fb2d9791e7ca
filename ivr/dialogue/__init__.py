"""The vocabulary of a conversation: say, ask, choose, confirm, wait for, walk.

Words and defaults are VoiceXML's (W3C VoiceXML 2.1) wherever it has one. Nothing here knows SIP,
HTTP or SQL, so the same flow runs on a live line and on a scripted one in a test.
"""
