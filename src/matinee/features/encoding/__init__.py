"""Encoding: turns a stored source into an adaptive stream, in steps that any worker can pick up.

Owns the plan of each encode, its steps and their logs. Never serves media and never decides who may watch: it fills
the room `videos` by calling down.
"""
