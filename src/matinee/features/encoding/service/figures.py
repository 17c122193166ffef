"""Figures of the room for `/metrics`: read from its tables, since the work is done in other processes."""

from prometheus_client import Gauge

from matinee.features.encoding import repository
from matinee.features.encoding.service import course
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work

ENCODES = Gauge(
    "matinee_encodes", "Encodes that have not ended well, by state.", ["state"], registry=REGISTRY
)
ENCODE_SPEED = Gauge(
    "matinee_encode_speed",
    "Seconds of video per second, the whole ladder of it, over all encodes that run.",
    registry=REGISTRY,
)
WITHOUT = Gauge(
    "matinee_encodes_without",
    "Encodes that are done without what a step of this kind makes, since it failed at each try.",
    ["kind"],
    registry=REGISTRY,
)
QUEUE_SECONDS = Gauge(
    "matinee_encode_queue_seconds",
    "Seconds that one encoder would need for all chunks that are open. By the number of encoders: how long the last of"
    " them waits.",
    registry=REGISTRY,
)


async def refresh_metrics(work: Work) -> None:
    """At scrape time."""
    QUEUE_SECONDS.set(await repository.waiting_s(work.session))
    missing = await repository.missing(work.session)
    for kind in ("pictures", "storyboard"):
        WITHOUT.labels(kind).set(missing.get(kind, 0))
    infos = await course.encodes(work, active=True, limit=200)
    for state in ("checking", "encoding", "failed"):
        ENCODES.labels(state).set(sum(info.state == state for info in infos))
    ENCODE_SPEED.set(sum(info.speed or 0 for info in infos if info.state == "encoding"))
