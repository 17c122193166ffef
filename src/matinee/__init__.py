"""Matinee: a video network you own."""

__version__ = "0.1.0"
