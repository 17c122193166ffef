"""A playable source is cut at its own key frames, without encoding, in step, and soon."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from tests.engines import clips
from tests.engines.clips import H264, Taken, grey, grey_of, greys, keys
from tests.engines.test_encode import BEEP, FLASH, loud_at, white_at

from matinee.engines.media import (
    NotCopyable,
    audio_name,
    cmaf,
    copy_source,
    decodes,
    plan_copy,
    plan_ladder,
    probe,
)


async def copied(path: Path, out_dir: Path) -> tuple[Taken, list[float], bool]:
    facts = await probe(clips.tools(), path)
    ladder = plan_ladder(facts)
    taken = Taken(out_dir)
    result = await copy_source(clips.tools(), path, facts, ladder, out_dir, on_segment=taken)
    lengths = [s.duration_s for s in taken.of("source")]
    assert len(lengths) == len(plan_copy(facts, ladder).edges_s)
    assert max(lengths) <= result.target_duration_s + 0.5
    assert result.codecs.startswith("avc1.")
    return taken, lengths, result.fits_grid


@pytest.mark.parametrize(
    ("name", "every", "lengths", "fits"),
    [
        ("copy-1s.mp4", 30, [4, 4, 4, 4, 4, 1], True),
        ("copy-1s.mkv", 30, [4, 4, 4, 4, 4, 1], True),
        ("copy-1s.ts", 30, [4, 4, 4, 4, 4, 1], True),
        ("copy-3s.flv", 90, [6, 3, 3, 6, 3], False),
        ("copy-10s.mp4", 300, [10, 10, 1], False),
    ],
)
async def test_a_source_is_cut_at_its_own_key_frames(
    make: clips.Make, tmp_path: Path, name: str, every: int, lengths: list[int], fits: bool
) -> None:
    path = make(name, *grey(seconds=21), *H264, *keys(every))
    taken, found, fits_grid = await copied(path, tmp_path)
    assert found == pytest.approx(lengths, abs=0.05)
    assert fits_grid == fits
    shown = greys(taken.joined("source"))
    assert [n for n, luma in enumerate(shown) if abs(luma - grey_of(n)) > 5] == []
    assert len(shown) == 630
    for segment in taken.of("source"):
        alone = tmp_path / "alone.mp4"
        alone.write_bytes(segment.init_path.read_bytes() + segment.path.read_bytes())
        assert len(greys(alone)) == round(segment.duration_s * 30)


async def test_a_source_with_one_key_frame_or_another_codec_has_to_be_encoded(
    make: clips.Make, tmp_path: Path
) -> None:
    lonely = make("copy-lonely.mp4", *grey(seconds=21), *H264, *keys(9999))
    for path in (lonely, make("copy-mpeg4.mp4", *grey(seconds=2), "-c:v", "mpeg4")):
        facts = await probe(clips.tools(), path)
        assert not facts.is_copyable
        with pytest.raises(NotCopyable):
            await copy_source(clips.tools(), path, facts, plan_ladder(facts), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "copy-sync.mp4",
        "copy-sync.ts",
        *(pytest.param(f"copy-sync.{n}", marks=pytest.mark.slow) for n in ("mkv", "flv", "mov")),
    ],
)
async def test_copied_sound_and_picture_stay_together(make: clips.Make, tmp_path: Path, name: str) -> None:
    path = make(name, *FLASH, *BEEP, *H264, *keys(50), "-c:a", "aac")
    taken, _, _ = await copied(path, tmp_path)
    sound, picture = taken.joined(audio_name(0)), taken.joined("source")
    offset_s = loud_at(sound) - white_at(picture)
    assert abs(offset_s - (loud_at(path) - white_at(path))) <= 0.02
    assert white_at(picture) == pytest.approx(5, abs=0.07)
    for joined in (sound, picture):
        with av.open(str(joined)) as container:
            assert container.start_time == pytest.approx(0, abs=70_000)


async def test_a_source_cut_by_an_edit_list_is_not_copied_but_starts_where_it_should(
    make: clips.Make, tmp_path: Path
) -> None:
    whole = make("whole.mp4", *grey(seconds=8), *H264, *keys(60))
    # Copying from the middle of a group hides the frames before it behind an edit list.
    trimmed = make("trimmed.mp4", "-ss", "3", "-i", whole, "-c", "copy", "-avoid_negative_ts", "disabled")
    facts = await probe(clips.tools(), trimmed)
    assert facts.duration_s == pytest.approx(5, abs=0.1)
    assert facts.video.hidden_start
    assert not facts.is_copyable


async def test_the_real_clip_is_copied_whole_with_its_sound(tmp_path: Path) -> None:
    taken, lengths, _ = await copied(clips.big_buck_bunny(), tmp_path)
    assert lengths == pytest.approx([5.28], abs=0.01)
    assert len(clips.times(taken.joined("source"))) == 132
    first = taken.of("source")[0]
    assert await decodes(clips.tools(), first.init_path, [first.path])
    assert not await decodes(clips.tools(), first.init_path, [first.init_path])
    sound = taken.of("source-audio-0")[0]
    assert await decodes(clips.tools(), sound.init_path, [sound.path])


async def test_memory_does_not_grow_with_the_film(
    make: clips.Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound_bytes = 20_000
    monkeypatch.setattr(cmaf, "_MOST_AT_ONCE", bound_bytes)
    held_bytes: list[int] = []
    read = cmaf.FragmentReader.read

    def weighed(reader: cmaf.FragmentReader) -> list[cmaf.Sample]:
        samples = read(reader)
        held_bytes.append(sum(len(sample.data) for sample in samples))
        return samples

    monkeypatch.setattr(cmaf.FragmentReader, "read", weighed)
    taken, lengths, _ = await copied(make("copy-1s.mp4", *grey(seconds=21), *H264, *keys(30)), tmp_path)
    assert lengths == pytest.approx([4, 4, 4, 4, 4, 1], abs=0.05)
    assert len(greys(taken.joined("source"))) == 630
    largest = max(path.stat().st_size for path in tmp_path.rglob("*.m4s"))
    assert max(held_bytes) < bound_bytes + largest < sum(held_bytes)
