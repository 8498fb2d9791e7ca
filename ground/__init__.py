"""What both services stand on: a database opened with care, and the base of a web for people.

Nothing in here knows the telephone channel or ROCARS.
"""
