"""The worker: runs the rooms' handlers, lane by lane."""
