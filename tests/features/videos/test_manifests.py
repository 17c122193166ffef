"""What the manifests say while a video grows, and when the copied source leaves."""

from typing import Any
from xml.etree import ElementTree as Xml

import httpx
import m3u8
import pytest
from sqlalchemy import text
from tests.features.videos.film import FACTS, Film
from tests.support.house import House

from matinee.features.videos import service as videos

DASH = "{urn:mpeg:dash:schema:mpd:2011}"


async def master(client: httpx.AsyncClient, base: str) -> m3u8.M3U8:
    answer = await client.get(f"{base}/master.m3u8")
    assert answer.status_code == 200, answer.text
    return m3u8.loads(answer.text)


async def names(client: httpx.AsyncClient, film: Film, base: str) -> set[str]:
    """The renditions that the master lists, sound too."""
    shown = await master(client, base)
    uris = {playlist.uri for playlist in shown.playlists} | {sound.uri for sound in shown.media}
    known = {f"{id}/index.m3u8": name for name, id in film.renditions.items()}
    return {known[uri] for uri in uris}


async def playlist(client: httpx.AsyncClient, film: Film, base: str, name: str) -> m3u8.M3U8:
    answer = await client.get(f"{base}/{film.renditions[name]}/index.m3u8")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    return m3u8.loads(answer.text)


async def prepared(house: House, *others: str, **form: Any) -> Film:
    film = await Film.made(house, await house.person(), **form)
    await film.check()
    for name in ("240p", "360p", "720p", "audio-0", *others):
        await film.add(name, segment_count=4)
    return film


async def test_a_growing_rung_is_an_event_until_it_is_complete(house: House) -> None:
    film = await prepared(house, visibility="public")
    client = film.person.client
    assert (await film.seen())["playback"] is None
    await film.put("240p", [0])
    assert (await film.seen())["playback"] is None
    await film.put("audio-0", [0])
    video = await film.seen()
    assert video["playback"]["revision"] == 1
    base = await film.base()
    assert await names(client, film, base) == {"240p", "audio-0"}
    growing = await playlist(client, film, base, "240p")
    assert growing.playlist_type == "event"
    assert not growing.is_endlist
    assert len(growing.segments) == 1
    await film.put("240p", [3, 2])
    assert len((await playlist(client, film, base, "240p")).segments) == 1
    await film.put("240p", [1], complete=True)
    await film.put("audio-0", [1, 2, 3], complete=True)
    whole = await playlist(client, film, base, "240p")
    assert whole.playlist_type == "vod"
    assert whole.is_endlist
    assert len(whole.segments) == 4
    for segment in [whole.segment_map[0].uri, *(part.uri for part in whole.segments)]:
        address = f"{base}/{film.renditions['240p']}/{segment}"
        assert (await client.get(address)).status_code == 200


async def test_the_source_leaves_once_two_rungs_are_complete(house: House) -> None:
    film = await prepared(house, "source", "source-audio-0", visibility="public")
    for name in ("source", "source-audio-0"):
        await film.put(name, range(2), complete=True)
    base = await film.base()
    client = film.person.client
    assert await names(client, film, base) == {"source", "source-audio-0"}
    assert (await film.seen())["source_playing"]
    await film.put("audio-0", range(4), complete=True)
    await film.put("720p", range(3))
    assert await names(client, film, base) == {"source", "source-audio-0"}
    await film.put("240p", range(4), complete=True)
    assert await names(client, film, base) == {"240p", "audio-0", "source", "source-audio-0"}
    before = (await film.seen())["playback"]["revision"]
    await film.put("360p", range(4), complete=True)
    video = await film.seen()
    assert video["playback"]["revision"] == before + 1
    assert not video["source_playing"]
    assert await names(client, film, base) == {"240p", "360p", "audio-0"}
    assert (await playlist(client, film, base, "source")).is_endlist
    assert [(rung["name"], rung["state"]) for rung in video["ladder"]] == [
        ("240p", "done"), ("360p", "done"), ("720p", "running"),
    ]  # fmt: skip
    assert video["best_height"] == 360
    assert [job["kind"] for job in await house.waiting("videos.drop_rendition")] == [
        "videos.drop_rendition"
    ] * 2
    held = (await film.seen())["size_bytes"]
    async with house.works.open() as work:
        for name in ("source", "source-audio-0", "240p"):
            await videos.drop_rendition(work, film.renditions[name])
    address = f"{base}/{film.renditions['source']}/index.m3u8"
    assert (await client.get(address)).status_code == 404
    assert await names(client, film, base) == {"240p", "360p", "audio-0"}
    assert (await film.seen())["size_bytes"] < held


@pytest.mark.parametrize(("film_s", "lasts_s"), [(16, 3_600), (10_000, 10_000)])
async def test_a_withdrawn_source_lasts_for_whoever_has_just_begun_the_film(
    house: House, film_s: int, lasts_s: int
) -> None:
    film = await prepared(house, "source", "source-audio-0")
    async with house.works.open() as work:
        await videos.set_source(work, film.id, facts=FACTS, duration_s=film_s, width=1280, height=720)
        await videos.withdraw_rendition(work, film.renditions["source"])
    async with house.works.open() as work:
        left_s = await work.session.scalar(
            text(
                "SELECT extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs"
                " WHERE task_name = 'videos.drop_rendition'"
            )
        )
    assert float(left_s) == pytest.approx(lasts_s, abs=60)


async def test_a_source_on_the_ladders_grid_stays(house: House) -> None:
    film = await Film.made(house, await house.person())
    await film.check()
    await film.add("240p")
    await film.add("source", aligned=True)
    await film.put("source", range(4), complete=True)
    await film.put("240p", range(4), complete=True)
    assert await names(film.person.client, film, await film.base()) == {"240p", "source"}


async def test_the_master_says_what_players_choose_by(house: House) -> None:
    film = await Film.playing(house, await house.person(), visibility="public")
    shown = await master(film.person.client, await film.base())
    (rung,) = shown.playlists
    info = rung.stream_info
    assert info.codecs == "avc1.64001f,mp4a.40.2"
    assert info.resolution == (426, 240)
    assert info.frame_rate == 25
    assert 0 < info.average_bandwidth <= info.bandwidth
    assert info.audio == shown.media[0].group_id
    assert shown.media[0].default == "YES"
    text = (await film.person.client.get(f"{await film.base()}/master.m3u8")).text
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in text


async def test_dash_describes_the_same_segments(house: House) -> None:
    film = await Film.playing(house, await house.person(), visibility="public")
    base = await film.base()
    answer = await film.person.client.get(f"{base}/manifest.mpd")
    assert answer.headers["content-type"].startswith("application/dash+xml")
    root = Xml.fromstring(answer.text)
    assert root.get("mediaPresentationDuration") == "PT16.000S"
    templates = {t.get("media") for t in root.iter(f"{DASH}SegmentTemplate")}
    assert templates == {f"{film.renditions[name]}/$Number$.m4s" for name in ("240p", "audio-0")}
    for template in root.iter(f"{DASH}SegmentTemplate"):
        assert (await film.person.client.get(f"{base}/{template.get('initialization')}")).status_code == 200


async def test_dash_is_dynamic_while_the_film_grows_and_ends_where_it_stops(house: House) -> None:
    film = await prepared(house, visibility="public")
    client = film.person.client
    await film.put("audio-0", range(4), complete=True)
    await film.put("240p", [0, 1])

    async def dash() -> tuple[str | None, ...]:
        root = Xml.fromstring((await client.get(f"{await film.base()}/manifest.mpd")).text)
        return tuple(root.get(name) for name in ("type", "mediaPresentationDuration", "minimumUpdatePeriod"))

    assert await dash() == ("dynamic", "PT16.000S", "PT4S")
    async with house.works.open() as work:
        await videos.fail(work, film.id, "encoding.failed", "It stopped.", "")
    assert await dash() == ("static", "PT8.000S", None)
    async with house.works.open() as work:
        await videos.resume_encoding(work, film.id)
    await film.put("240p", range(4), complete=True)
    assert await dash() == ("static", "PT16.000S", None)


async def test_manifests_are_asked_for_again_and_answered_shortly(house: House) -> None:
    film = await prepared(house)
    await film.put("audio-0", range(4), complete=True)
    await film.put("240p", [0, 1])
    client, base = film.person.client, await film.base()
    for address in (
        f"{base}/master.m3u8",
        f"{base}/manifest.mpd",
        f"{base}/{film.renditions['240p']}/index.m3u8",
    ):
        first = await client.get(address)
        assert first.headers["cache-control"] == "private, no-cache"
        again = await client.get(address, headers={"If-None-Match": f'W/"x", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(first.content))
        await film.put("240p", [2])
        assert (await client.get(address, headers={"If-None-Match": '"other"'})).status_code == 200
    grown = await client.get(f"{base}/{film.renditions['240p']}/index.m3u8")
    assert grown.text.count("#EXTINF") == 3


async def test_recording_the_same_segments_twice_changes_nothing(house: House) -> None:
    film = await Film.playing(house, await house.person())
    before = await film.seen()
    rung = await film.add("240p")
    assert rung == film.renditions["240p"]
    await film.put("240p", [0, 1], complete=True)
    after = await film.seen()
    assert after["playback"]["revision"] == before["playback"]["revision"]
    assert after["ladder"] == before["ladder"]
    async with house.works.open() as work:
        assert await videos.segment_numbers(work, rung) == {0, 1, 2, 3}
