"""Logs and figures: one JSON line per event on stderr, one Prometheus registry per process.

Never logs secrets or personal data: keys that may hold them are blanked before anything is written.
"""

import logging
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "matinee_requests_total", "Answered requests.", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "matinee_request_seconds",
    "Seconds from request to the start of the answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
JOBS_DONE = Counter(
    "matinee_jobs_run_total", "Jobs run by this process.", ["kind", "outcome"], registry=REGISTRY
)
JOB_SECONDS = Histogram(
    "matinee_job_seconds",
    "Seconds that a job ran.",
    ["kind"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800),
    registry=REGISTRY,
)
JOBS = Gauge("matinee_jobs", "Jobs kept in the queue.", ["kind", "state"], registry=REGISTRY)
QUEUE_AGE_S = Gauge(
    "matinee_queue_age_seconds", "Seconds that the oldest due job waits.", ["lane"], registry=REGISTRY
)
SOCKETS = Gauge("matinee_sockets", "Open WebSockets of this process.", registry=REGISTRY)
BYTES_IN = Counter("matinee_bytes_received_total", "Uploaded bytes taken.", registry=REGISTRY)
LIMITED = Counter(
    "matinee_limited_total", "Requests refused because they came too often.", ["bucket"], registry=REGISTRY
)
BYTES_OUT = Counter("matinee_bytes_sent_total", "Media bytes sent.", ["kind"], registry=REGISTRY)

_SECRET_KEYS = ("password", "token", "secret", "cookie", "authorization", "email", "signature", "grant")


def _blank_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_KEYS):
            event[key] = "…"
    return event


def configure_logging(*, form: str = "json", level: str = "info") -> None:
    """Send structlog and the standard library's logging through one chain to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.add_logger_name,
        _blank_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "procrastinate"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    # uvicorn.error tells the address of everybody who opens a socket, at level info.
    for name in ("uvicorn.error", "procrastinate", "alembic", "httpx", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
