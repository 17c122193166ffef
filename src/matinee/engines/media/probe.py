"""Opening a stranger's file: what is it, and may it come in?

The file is recognised by its first bytes, then opened in a child process that may use one named demuxer,
files only, little memory and little time, in an empty folder that holds one link to the file. Never opens the
file's contents in this process.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matinee.engines.media.facts import SourceFacts
from matinee.engines.media.sniff import Container, sniff
from matinee.engines.media.tools import GIB, Rejected, Tools, answer_of, python_child

LINK = "source"
_QUIET_S = 120.0


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """What a source may be. `cpu_s` bounds the processor time that reading it takes, `scan_s` the search for key frames
    in files without an index."""

    max_duration_s: float = 12 * 3600.0
    max_side_px: int = 8192
    max_pixels: int = 8192 * 4352
    memory_bytes: int = 3 * GIB
    cpu_s: int = 40
    scan_s: float = 8.0


async def probe(tools: Tools, path: Path, limits: ProbeLimits | None = None) -> SourceFacts:
    """Raises Rejected with a sentence for the person who sent the file."""
    limits = limits or ProbeLimits()
    if not path.stat().st_size:
        raise Rejected("not_a_video", "The file is empty.")
    container = sniff(path)
    order = {
        "container": container.name,
        "demuxer": container.demuxer,
        "max_duration_s": limits.max_duration_s,
        "max_side_px": limits.max_side_px,
        "max_pixels": limits.max_pixels,
        "scan_s": limits.scan_s,
    }
    answer = await ask_child(
        tools,
        "matinee.engines.media.probe_child",
        path,
        order,
        memory_bytes=limits.memory_bytes,
        cpu_s=limits.cpu_s,
    )
    return SourceFacts.from_json(answer["facts"])


async def ask_child(
    tools: Tools, module: str, path: Path, order: dict[str, Any], *, memory_bytes: int, cpu_s: int
) -> dict[str, Any]:
    """Run one of our own reading modules over a stranger's file and return its JSON. Raises what `answer_of` does."""
    async with lonely_link(path) as (folder, link):
        argv, env = python_child(module, str(link), json.dumps(order))
        ended = await tools.run(
            argv,
            cwd=folder,
            env=env,
            memory_bytes=memory_bytes,
            cpu_s=cpu_s,
            file_size_bytes=64 * 1024 * 1024,
            open_files=64,
            quiet_s=_QUIET_S,
        )
    return answer_of(ended, thing="file")


@asynccontextmanager
async def lonely_link(path: Path) -> AsyncIterator[tuple[Path, Path]]:
    """An empty folder holding nothing but one link to the file: a relative name inside the file leads
    nowhere."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as name:
        folder = Path(name)
        link = folder / LINK
        link.symlink_to(path.resolve())
        yield folder, link


def input_arguments(container: Container | SourceFacts, link: Path) -> Sequence[str]:
    """ffmpeg's arguments that open a stranger's file with one demuxer, files only, no references."""
    return (
        *("-protocol_whitelist", "file", "-format_whitelist", _whitelist(container.demuxer)),
        *("-f", container.demuxer),
        *(("-enable_drefs", "0", "-use_absolute_path", "0") if container.demuxer == "mov" else ()),
        *("-i", f"file:{link}"),
    )


def _whitelist(demuxer: str) -> str:
    return {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}.get(demuxer, demuxer)
