"""Does it really play? ffmpeg decodes what a player would get.

Never trusts a manifest: it is given the files themselves.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from matinee.engines.media.tools import GIB, Tools

_WALL_S = 20.0


async def decodes(tools: Tools, init_path: Path, segment_paths: Sequence[Path], min_s: float = 1.0) -> bool:
    """Whether ffmpeg decodes at least `min_s` seconds (or all, if there is less than that and it is not
    nothing)."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as name:
        joined = Path(name) / "joined.mp4"
        with joined.open("wb") as out:
            for path in (init_path, *segment_paths):
                out.write(path.read_bytes())
        ended = await tools.run(
            [
                *(tools.ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-xerror"),
                *(
                    "-protocol_whitelist",
                    "file",
                    "-f",
                    "mov",
                    "-i",
                    f"file:{joined}",
                    "-t",
                    f"{min_s + 0.25}",
                ),
                *("-f", "null", "-progress", "pipe:1", "-"),
            ],
            cwd=Path(name),
            memory_bytes=4 * GIB,
            open_files=64,
            wall_s=_WALL_S,
        )
    times = re.findall(rb"out_time_us=(\d+)", ended.stdout)
    return ended.ok and bool(times) and int(times[-1]) / 1_000_000 >= min_s * 0.98
