"""Ranges, conditions and caching of stored bytes."""

from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from tests.features.videos.film import BOARD, Film, content
from tests.support.house import House

from matinee.features.files import service as files
from matinee.features.videos import service as videos
from matinee.features.videos.errors import VideoGone
from matinee.infra import telemetry
from matinee.infra.ranges import Slice, decide

AT = datetime(2026, 5, 4, 3, 2, 1, 500_000, UTC)
HTTP_AT = "Mon, 04 May 2026 03:02:01 GMT"


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        (None, 200, 0, 100),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=10-19", 206, 10, 20),
        ("BYTES=10-", 206, 10, 100),
        ("bytes=90-1000", 206, 90, 100),
        ("bytes=-10", 206, 90, 100),
        ("bytes=-1000", 206, 0, 100),
        ("bytes=100-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=20-10", 200, 0, 100),
        ("bytes=0-1,5-6", 200, 0, 100),
        ("bytes=-", 200, 0, 100),
        ("bytes=a-b", 200, 0, 100),
        ("lines=0-1", 200, 0, 100),
        ("bytes=٣-٤", 200, 0, 100),
        (f"bytes={'9' * 30}-", 200, 0, 100),
    ],
)
def test_a_range_is_cut_as_the_standard_says(asked: str | None, status: int, start: int, end: int) -> None:
    assert decide(size=100, etag='"a"', modified_at=AT, range_=asked) == Slice(status, start, end)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"a"', 206),
        ('"b"', 200),
        ('W/"a"', 200),
        (HTTP_AT, 206),
        ("Mon, 04 May 2026 03:02:00 GMT", 200),
        ("?", 200),
    ],
)
def test_a_range_of_other_bytes_is_answered_with_everything(if_range: str, status: int) -> None:
    part = decide(size=100, etag='"a"', modified_at=AT, range_="bytes=1-2", if_range=if_range)
    assert part.status == status


@pytest.mark.parametrize(
    ("none_match", "since", "status"),
    [
        ('"a"', None, 304),
        ('W/"a"', None, 304),
        ('"b", "a"', None, 304),
        ("*", None, 304),
        ('"b"', None, 200),
        ('"b"', HTTP_AT, 200),
        (None, HTTP_AT, 304),
        (None, "Mon, 04 May 2026 03:02:00 GMT", 200),
        (None, "no date", 200),
        (None, "Mon, 01 Jan 2020 00:00:00 +99999999999999999999", 200),
    ],
)
def test_what_is_known_already_is_not_sent(none_match: str | None, since: str | None, status: int) -> None:
    part = decide(size=9, etag='"a"', modified_at=AT, if_none_match=none_match, if_modified_since=since)
    assert part.status == status


async def test_segments_are_served_in_ranges_with_strong_caching(house: House) -> None:
    film = await Film.playing(house, await house.person())
    client = film.person.client
    address = f"{await film.base()}/{film.renditions['240p']}/2.m4s"
    data = content("240p", 2)
    whole = await client.get(address)
    assert whole.content == data
    assert whole.headers["content-length"] == str(len(data))
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "access-control-allow-origin" not in whole.headers
    etag = whole.headers["etag"]
    part = await client.get(address, headers={"Range": "bytes=5-9", "If-Range": etag})
    assert (part.status_code, part.content) == (206, data[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(data)}"
    beyond = await client.get(address, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")
    known = await client.get(address, headers={"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    read = telemetry.BYTES_OUT.labels("segment")._value.get()
    head = await client.head(address, headers={"Range": "bytes=5-9"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (206, b"", "5")
    assert (
        telemetry.BYTES_OUT.labels("segment")._value.get() == read > 0
    )  # nothing is read for who wants no bytes
    tail = await client.get((await film.seen())["original"], headers={"Range": "bytes=-11"})
    assert (tail.status_code, tail.content) == (206, b"the source ")


async def test_pictures_come_in_the_form_that_is_asked_for(house: House) -> None:
    film = await Film.playing(house, await house.person(), visibility="public")
    video = await film.seen()
    assert video["poster"]["widths"] == [320, 640]
    assert video["tint"] == "#102030"
    for form, kind in (("avif", "image/avif"), ("webp", "image/webp"), ("jpg", "image/jpeg")):
        answer = await film.person.client.get(f"{video['poster']['base']}/640.{form}")
        assert answer.content == f"picture 0 640 {form}".encode()
        assert answer.headers["content-type"] == kind


async def test_an_own_picture_is_shown_under_an_address_of_its_own(house: House) -> None:
    film = await Film.playing(house, await house.person(), visibility="public")
    found = (await film.seen())["poster_candidates"]
    client = film.person.client
    picked = await client.put(f"/api/v1/videos/{film.id}/poster", json={"candidate": found[1]["index"]})
    assert picked.json()["poster"] == found[1]["poster"]
    await film.own_picture()
    first = (await film.seen())["poster"]
    await film.own_picture()
    second = await film.seen()
    assert second["poster"]["base"] != first["base"]
    assert (await client.get(f"{first['base']}/320.jpg")).status_code == 404
    assert (await client.get(f"{second['poster']['base']}/320.jpg")).status_code == 200
    assert len(second["poster_candidates"]) == 3
    refused = await client.put(f"/api/v1/videos/{film.id}/poster", json={"candidate": 77})
    assert (refused.status_code, refused.json()["code"]) == (422, "videos.no_such_poster")
    await film.pictures(1)
    assert (await film.seen())["poster"] == second["poster"]


async def test_a_storyboard_names_its_sheets_and_another_files_sheets_have_other_addresses(
    house: House,
) -> None:
    film = await Film.made(house, await house.person(), visibility="public")
    await film.check()
    await film.add("240p")
    await film.put("240p", range(4), complete=True)
    client = film.person.client
    playback = (await film.seen())["playback"]
    assert playback["storyboard"] is None
    assert (await client.get(f"{await film.base()}/storyboard.vtt")).status_code == 404
    await film.storyboard()
    address = (await film.seen())["playback"]["storyboard"]
    answer = await client.get(address)
    assert answer.headers["content-type"].startswith("text/vtt")
    assert "no-cache" in answer.headers["cache-control"]
    head, *cues = answer.text.strip().split("\n\n")
    assert head == "WEBVTT"
    assert [cue.splitlines()[1] for cue in cues] == [
        f"storyboard/{sheet}.webp#xywh={x},0,160,90" for sheet in (100, 101) for x in (0, 160)
    ]
    assert cues[-1].splitlines()[0] == "00:00:12.000 --> 00:00:16.000"
    known = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert known.status_code == 304
    sheet = await client.get(urljoin(address, "storyboard/101.webp"))
    assert (sheet.content, sheet.headers["content-type"]) == (b"sheet 1", "image/webp")
    assert sheet.headers["cache-control"].endswith("max-age=31536000, immutable")
    for name in ("0.webp", "102.webp", "100.jpg", "0100.webp", "x.webp"):
        assert (await client.get(urljoin(address, f"storyboard/{name}"))).status_code == 404, name
    async with house.works.open() as work:
        await videos.fail(work, film.id, "encoding.failed", "It failed.", "")
    await film.check()
    assert (await client.get(urljoin(address, "storyboard/100.webp"))).status_code == 404
    await film.add("240p")
    await film.put("240p", range(4), complete=True)
    await film.storyboard()
    assert "storyboard/200.webp" in (await client.get(f"{await film.base()}/storyboard.vtt")).text


async def test_pictures_made_again_have_numbers_that_nobody_has_cached(house: House) -> None:
    film = await Film.made(house, await house.person())
    await film.check()
    await film.add("240p")
    await film.put("240p", range(4), complete=True)
    client, base = film.person.client, await film.base()
    await film.storyboard()
    await film.pictures(3)
    before = (await film.seen())["poster_candidates"]
    choice = {"candidate": before[1]["index"]}
    assert (await client.put(f"/api/v1/videos/{film.id}/poster", json=choice)).status_code == 200
    await film.storyboard()
    await film.pictures(3)
    assert "storyboard/200.webp" in (await client.get(f"{base}/storyboard.vtt")).text
    assert (await client.get(f"{base}/storyboard/200.webp")).content == b"sheet 0"
    assert (await client.get(f"{base}/storyboard/100.webp")).status_code == 404
    seen = await film.seen()
    after = seen["poster_candidates"]
    assert not {one["index"] for one in before} & {one["index"] for one in after}
    assert seen["poster"] == after[1]["poster"], "the owner's choice is shown still"


async def test_a_storyboard_of_a_file_that_was_replaced_meanwhile_is_not_shown(house: House) -> None:
    film = await Film.made(house, await house.person())
    await film.check()
    rung = await film.add("240p")
    async with house.works.open() as work:
        await videos.fail(work, film.id, "encoding.failed", "It failed.", "")
    await film.check()
    with pytest.raises(VideoGone):
        async with house.works.open() as work:
            await videos.set_storyboard(work, film.id, rung, files.new_tree(), BOARD, 14)
