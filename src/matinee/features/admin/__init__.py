"""For who runs the house: queues, workers, jobs, encodes, disk, and the state of all videos.

Owns no table: it shows what other rooms and the queue know, and hands their verbs on. Never changes a room's rows.
"""
