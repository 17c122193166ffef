"""Signals for open sockets: ephemeral, ids only, lost without harm."""
