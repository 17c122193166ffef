"""Bytes by key: a port and its local implementation."""
