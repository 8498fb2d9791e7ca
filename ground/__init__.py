"""The base of both services: opening a database safely, and the base of web pages for people.

Nothing in here knows the telephone channel or ROCARS.
"""
