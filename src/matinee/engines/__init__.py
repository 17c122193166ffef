"""Engines: pure media and machine work. Paths and values in, values out.

Never know a database, the web or settings, and never import another floor's doors: whoever calls hands in
what an engine needs of the machine (for instance how to start a child process).
"""
