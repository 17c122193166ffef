"""Doors to machines: database, jobs, signals, storage, processes. Knows no room."""
