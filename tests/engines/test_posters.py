"""Poster candidates and pictures owners send."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.engines import clips
from tests.engines.clips import H264, keys

from matinee.engines.media import Rejected, make_posters, normalise_picture, probe


async def test_candidates_are_spread_and_skip_darkness(make: clips.Make, tmp_path: Path) -> None:
    picture = "testsrc2=s=640x360:r=10:d=20,drawbox=c=black:t=fill:enable='lt(t,8)'"
    path = make("posters.mp4", "-f", "lavfi", "-i", picture, *H264, *keys(10))
    facts = await probe(clips.tools(), path)
    posters = await make_posters(clips.tools(), path, facts, tmp_path, count=3, widths=(160, 320))
    assert [poster.index for poster in posters] == [0, 1, 2]
    assert all(poster.at_s >= 8 for poster in posters)
    assert posters[2].at_s - posters[0].at_s >= 4
    assert len(posters[0].tint) == 7
    for poster in posters:
        assert (poster.width, poster.height) == (640, 360)
        assert [(width, extension) for width, extension, _ in poster.files] == [
            (width, extension) for width in (160, 320) for extension in ("avif", "webp", "jpg")
        ]
        for width, _, file in poster.files:
            with Image.open(file) as image:
                assert image.size == (width, width * 9 // 16)


async def test_a_turned_or_single_picture_source_still_has_a_poster(make: clips.Make, tmp_path: Path) -> None:
    lying = make("lying.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=1", *H264)
    path = make("standing.mp4", "-display_rotation", "90", "-i", lying, "-c", "copy")
    facts = await probe(clips.tools(), path)
    (poster,) = await make_posters(clips.tools(), path, facts, tmp_path, widths=(320,))
    assert (poster.width, poster.height) == (180, 320)
    black = make("black.mp4", "-f", "lavfi", "-i", "color=black:s=128x72:r=10:d=1", *H264)
    facts = await probe(clips.tools(), black)
    assert len(await make_posters(clips.tools(), black, facts, tmp_path / "black", widths=(320,))) == 1


@pytest.mark.parametrize("name", ["film.ts", "film.mpg", "film.mp4"])
async def test_candidates_are_the_key_frames_whatever_the_container_calls_its_moments(
    make: clips.Make, tmp_path: Path, name: str
) -> None:
    codec = ("-c:v", "mpeg2video") if name.endswith("mpg") else ("-c:v", "libx264", "-pix_fmt", "yuv420p")
    path = make(name, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", *codec, "-bf", "2", *keys(50))
    facts = await probe(clips.tools(), path)
    posters = await make_posters(clips.tools(), path, facts, tmp_path, count=2, widths=(160,))
    keys_s = facts.video.key_frame_times_s
    assert len(posters) == 2
    for poster in posters:
        assert min(abs(poster.at_s - key_s) for key_s in keys_s) < 0.001, (poster.at_s, keys_s)
    assert posters[0].at_s < 0.1


async def test_a_turned_poster_shows_the_same_as_the_turned_video(make: clips.Make, tmp_path: Path) -> None:
    half = "color=black:s=320x180:r=10:d=1,drawbox=w=160:c=white:t=fill"
    lying = make("half.mp4", "-f", "lavfi", "-i", half, *H264)
    path = make("half-turned.mp4", "-display_rotation", "90", "-i", lying, "-c", "copy")
    facts = await probe(clips.tools(), path)
    (poster,) = await make_posters(clips.tools(), path, facts, tmp_path, widths=(180,))
    with Image.open(poster.files[2][2]) as image:
        grey = image.convert("L")
        assert grey.getpixel((90, 300)) > 200  # type: ignore[operator]
        assert grey.getpixel((90, 20)) < 50  # type: ignore[operator]


async def test_an_owners_picture_is_written_anew_without_its_metadata(tmp_path: Path) -> None:
    sent = tmp_path / "holiday.jpg"
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6
    Image.new("RGB", (400, 300), "#cc3311").save(sent, exif=exif)
    poster = await normalise_picture(clips.tools(), sent, tmp_path / "out", index=7, widths=(320, 640))
    assert (poster.index, poster.width, poster.height) == (7, 300, 400)
    for _, _, file in poster.files:
        assert b"secret place" not in file.read_bytes()
        with Image.open(file) as image:
            assert image.size == (300, 400)
    red, green, blue = (int(poster.tint[i : i + 2], 16) for i in (1, 3, 5))
    assert red > 2 * max(green, blue)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + bytes(99)],
)
async def test_what_is_not_a_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    sent = tmp_path / "picture.png"
    sent.write_bytes(content)
    with pytest.raises(Rejected) as refused:
        await normalise_picture(clips.tools(), sent, tmp_path / "out")
    assert refused.value.sentence


async def test_a_full_disk_is_no_fault_of_the_picture(tmp_path: Path) -> None:
    sent, folder = tmp_path / "sent.png", tmp_path / "out" / "0"
    Image.new("RGB", (64, 64), "red").save(sent)
    folder.mkdir(parents=True)
    for extension in ("avif", "webp", "jpg"):
        (folder / f"320.{extension}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        await normalise_picture(clips.tools(), sent, tmp_path / "out", widths=(320,))


async def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    sent = tmp_path / "bomb.png"
    Image.new("1", (12_000, 12_000)).save(sent)
    with pytest.raises(Rejected) as refused:
        await normalise_picture(clips.tools(), sent, tmp_path / "out")
    assert refused.value.code in ("absurd_dimensions", "unsupported")


async def test_a_reader_has_no_clock_but_that_of_its_silence(make: clips.Make, tmp_path: Path) -> None:
    """On a machine with other work a patient one may wait for minutes, and is not damaged by it."""
    bounds: list[tuple[object, object]] = []

    async def watched(*arguments: Any, wall_s: float | None = None, **named: Any) -> Any:
        bounds.append((wall_s, named["quiet_s"]))
        return await clips.tools().run(*arguments, wall_s=wall_s, **named)

    path = make("one.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=10:d=1", *H264)
    facts = await probe(clips.tools(), path)
    await make_posters(replace(clips.tools(), run=watched), path, facts, tmp_path, widths=(160,))
    assert bounds == [(None, 120.0)]
