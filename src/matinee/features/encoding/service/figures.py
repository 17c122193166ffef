"""Figures of the room for `/metrics`."""

from prometheus_client import Gauge

from matinee.infra.telemetry import REGISTRY

ENCODE_SPEED = Gauge(
    "matinee_encode_speed", "Seconds of video encoded per second, last report.", ["step"], registry=REGISTRY
)
