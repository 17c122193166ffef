"""Files that came from people go past the operator's virus scanner before anything decodes them, where there is one.

Never lets a file pass that the scanner said nothing about.
"""

from pathlib import Path

from matinee.engines.media import Rejected
from matinee.features.encoding.settings import ScanSettings
from matinee.infra.clamd import Scanner
from matinee.kernel.settings import Settings


async def look_through(settings: Settings, file: Path) -> None:
    """Call outside a transaction. Raises `Rejected`, and `ScannerAway` for what is to be tried again."""
    knobs = settings.of(ScanSettings)
    if (place := knobs.place) is None:
        return
    found = await Scanner(place).look_through(file, knobs.clamd_bytes)
    if found is not None:
        raise Rejected(
            "harmful",
            "A virus scanner found something harmful in this file, so it was not taken. Look at the machine that it"
            " comes from, and send a clean copy.",
            f"The scanner calls it {found}.",
        )
