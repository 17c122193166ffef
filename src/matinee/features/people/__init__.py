"""A person's public face: profile and unique handle; also joining, signing in and “me”, which show both.

Never holds a credential: room `accounts` does.
"""
