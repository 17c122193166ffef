"""Videos: what they are called, who may see them, their renditions, manifests, pictures, views and resume points.

Owns every rule of visibility and the addresses under /media. Never encodes anything and never takes an upload: room
`encoding` fills it from above, room `files` keeps the bytes below.
"""
