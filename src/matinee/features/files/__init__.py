"""Every stored byte: resumable uploads (tus), blobs, trees of generated files, quota and sweeping.

Owns who may bring bytes, how many, and when they are dropped. Never looks into them: what a file is decide
others.
"""
