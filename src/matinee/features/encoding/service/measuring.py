"""How fast this machine encodes. Touches no table."""

import time

from matinee.engines.media import Chunk, EncodeFailed, encode_chunk, plan_ladder, probe
from matinee.features.encoding.service import sources
from matinee.features.encoding.service.programs import tools_of
from matinee.infra.work import Work

_PICTURE = "testsrc2=size=1920x1080:rate=30:duration={seconds:g},noise=alls=8:allf=t"


async def measure(work: Work, seconds: float) -> dict[str, float]:
    """Seconds that the whole ladder of a 1080p film of `seconds` takes, and its largest rung alone."""
    tools = tools_of(work)
    async with work.outside():
        with sources.workplace(work.works.settings) as folder:
            source = folder / "film.mp4"
            picture = _PICTURE.format(seconds=seconds)
            arguments = [
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                picture,
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
            ]
            arguments += ["-pix_fmt", "yuv420p", "-g", "60", f"file:{source}"]
            ended = await tools.run([tools.ffmpeg, "-nostdin", *arguments], cwd=folder, wall_s=600)
            if ended.returncode != 0:
                raise EncodeFailed("The film to measure with could not be made.", ended.tail)
            facts = await probe(tools, source)
            ladder = plan_ladder(facts)
            whole = Chunk(0, 0, ladder.grid.segment_count)
            took: dict[str, float] = {}
            for name, rungs in (
                ("all rungs", ladder.rungs),
                (f"{ladder.rungs[-1].name} alone", ladder.rungs[-1:]),
            ):
                started = time.monotonic()
                await encode_chunk(tools, source, facts, ladder, rungs, whole, folder / name[:3])
                took[name] = time.monotonic() - started
            return took
