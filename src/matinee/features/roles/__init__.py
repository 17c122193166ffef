"""Room `roles`: named permissions, the roles that hold them, who may give which to whom, and why one may or may not.

Knows who holds a role only through `accounts`, and never a thing that a permission is about.
"""
