"""Room `privacy`: copies of everything about a person, asked for, made by a worker, fetched within a few days.

Knows no table of any other room: what goes into a copy says each room itself.
"""
