"""What the engine is handed: programs with their limits, as the settings say. Starts none."""

from functools import partial
from pathlib import Path

import imageio_ffmpeg

from matinee.engines.media import Tools
from matinee.features.encoding.settings import EncodingSettings
from matinee.infra import process
from matinee.infra.work import Work


def tools_of(work: Work, *, patient: bool = False) -> Tools:
    """The engine's tools as the settings say; `patient` ones give way to what somebody waits for."""
    knobs = work.settings(EncodingSettings)
    return Tools(
        ffmpeg=knobs.ffmpeg or Path(imageio_ffmpeg.get_ffmpeg_exe()),
        run=partial(process.run, patient=True) if patient and knobs.encoder_gives_way else process.run,
        quiet_s=knobs.encode_quiet_s,
        threads=knobs.encoder_threads,
    )
