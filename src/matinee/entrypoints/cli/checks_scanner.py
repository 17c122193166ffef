"""Whether the virus scanner that the settings name answers. Hands it nothing."""

import asyncio
from collections.abc import Iterator

from matinee.entrypoints.cli.finding import Finding
from matinee.features.encoding.service import ScanSettings
from matinee.infra.clamd import Scanner, ScannerAway
from matinee.kernel.settings import Settings

_ANSWER_S = 5.0


def scanner(settings: Settings) -> Iterator[Finding]:
    knobs = settings.of(ScanSettings)
    if (place := knobs.place) is None:
        return
    try:
        asyncio.run(Scanner(place, greet_s=_ANSWER_S).check())
    except ScannerAway:
        yield Finding.fail(
            "scanner",
            f"No virus scanner answers at {knobs.clamd_url}: files wait until one does.",
            "Start clamd there, or correct MATINEE_CLAMD_URL.",
        )
    else:
        yield Finding.ok("scanner", knobs.clamd_url)
