"""Ports for servers that a test starts in a moment. Never one that the kernel gives to a connection meanwhile."""

import os
import random
import re
import socket

_FIRST, _EACH, _WORKERS = 20_000, 1_500, 8
"""Below where Linux takes the ports of outgoing connections from (32768 on)."""
_given: set[int] = set()


def free_port() -> int:
    """A loopback port that nobody listens on, and that no other worker of this run is given."""
    number = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % _WORKERS
    first = _FIRST + number * _EACH
    for port in random.SystemRandom().sample(range(first, first + _EACH), _EACH):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
    raise RuntimeError("There is no free port.")
