"""The verbs of encoding: the only door for other rooms."""

from matinee.features.encoding.service.again import retry_step
from matinee.features.encoding.service.course import (
    begin,
    cancel,
    encodes,
    erase,
    forget,
    give_up,
    retry,
    steps_of,
)
from matinee.features.encoding.service.figures import refresh_metrics
from matinee.features.encoding.service.measuring import measure
from matinee.features.encoding.service.mending import mend
from matinee.features.encoding.service.ordering import STEP_KINDS
from matinee.features.encoding.service.pictures import make_own_poster
from matinee.features.encoding.service.run import run_step
from matinee.features.encoding.service.sources import upkeep
from matinee.features.encoding.settings import ScanSettings

__all__ = [
    "STEP_KINDS",
    "ScanSettings",
    "begin",
    "cancel",
    "encodes",
    "erase",
    "forget",
    "give_up",
    "make_own_poster",
    "measure",
    "mend",
    "refresh_metrics",
    "retry",
    "retry_step",
    "run_step",
    "steps_of",
    "upkeep",
]
