"""For who runs the house: queues, workers, jobs, encodes, disk, and the state of all videos.

Owns one table, of the first steps in a new house; else it shows what other rooms and the queue know, and hands on their
verbs. Never changes a room's rows.
"""
