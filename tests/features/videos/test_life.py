"""The life of a video: lists, changes, ends, retries, deletion, checks."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.features.videos.film import Film
from tests.support.films import TUS, coded
from tests.support.house import House, Person

from matinee.features.files import service as files
from matinee.features.videos import service as videos
from matinee.features.videos.errors import VideoGone


async def test_a_new_video_waits_for_its_file_and_is_private(house: House) -> None:
    person = await house.person()
    form = {
        "title": "  Two\u0000 cooks\u202e,\n one \U0001f600\ud83d mic ",
        "description": "a\u0007b\nc",
        "filename": "x.mov",
    }
    body = json.dumps(form)
    answer = await person.client.post(
        "/api/v1/videos", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201
    video = answer.json()
    assert video["title"] == "Two cooks, one 😀 mic"
    assert video["description"] == "ab\nc"
    assert (video["state"], video["visibility"]) == ("uploading", "private")
    assert video["owner"] == {"handle": person.handle, "display_name": person.handle.title()}
    assert video["is_owner"]
    assert video["playback"] is video["upload"] is video["progress"] is None


async def test_an_account_holds_a_bounded_number_of_videos(make_house: MakeHouse) -> None:
    house = await make_house(videos_most=2)
    ann, ben = await house.person(), await house.person()
    made = [await ann.client.post("/api/v1/videos", json={"title": "A film"}) for _ in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 409]
    assert made[2].json()["code"] == "videos.too_many"
    assert (await ben.client.post("/api/v1/videos", json={"title": "Ben's"})).status_code == 201
    assert (await ann.client.delete(f"/api/v1/videos/{made[0].json()['id']}")).status_code == 204
    assert (await ann.client.post("/api/v1/videos", json={"title": "Again"})).status_code == 201


async def test_videos_begun_at_the_same_moment_are_counted_one_after_the_other(make_house: MakeHouse) -> None:
    house = await make_house(videos_most=2)
    ann = await house.person()
    asked = (ann.client.post("/api/v1/videos", json={"title": f"Film {number}"}) for number in range(4))
    made = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in made) == [201, 201, 409, 409]


async def test_forms_are_bounded(house: House) -> None:
    person = await house.person()
    wrong: tuple[dict[str, Any], ...] = (
        {"title": ""},
        {"title": " \u200b\u0000 "},
        {"title": "\u3164\u2800\ufe0f"},
        {"title": "x" * 201},
        {"title": "x", "description": "d" * 5001},
        {"title": "x", "visibility": "secret"},
        {"title": "x", "size_bytes": 0},
        {"title": "x", "owner_id": "me"},
        {"title": "x", "size_bytes": 1 << 49},
    )
    for form in wrong:
        answer = await person.client.post("/api/v1/videos", json=form)
        assert answer.status_code in (413, 422), form
        assert answer.json()["errors"]


async def test_an_unfinished_upload_is_shown_with_its_video(house: House) -> None:
    film = await Film.made(house, await house.person())
    metadata = f"filename {coded('a.mp4')},purpose {coded('video')},subject {coded(f'video:{film.id}')}"
    client = film.person.client
    headers = {**TUS, "Upload-Length": "1000", "Upload-Metadata": metadata}
    assert (await client.post("/api/v1/uploads", headers=headers)).status_code == 201
    upload = (await film.seen())["upload"]
    assert (upload["size_bytes"], upload["offset_bytes"], upload["filename"]) == (1000, 0, "a.mp4")
    cancelled = (await client.post(f"/api/v1/videos/{film.id}/cancel")).json()
    assert (cancelled["state"], cancelled["upload"]) == ("cancelled", None)
    again = (await client.post(f"/api/v1/videos/{film.id}/retry")).json()
    assert again["state"] == "uploading"
    assert await house.waiting("encoding.take_up_again") == []


async def make_playable(house: House, person: Person, number: int) -> list[str]:
    made = []
    for index in range(number):
        film = await Film.made(house, person, visibility="public", title=f"Film {index}")
        await film.check()
        async with house.works.open() as work:
            await videos.mark_playable(work, film.id, work.now)
        made.append(str(film.id))
    return made


async def test_pages_stand_still_while_new_videos_come(house: House) -> None:
    person, guest = await house.person(), await house.client()
    made = await make_playable(house, person, 5)
    first = (await guest.get("/api/v1/videos", params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == made[:2:-1]
    made += await make_playable(house, person, 1)
    second = (await guest.get("/api/v1/videos", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    third = (await guest.get("/api/v1/videos", params={"limit": 2, "cursor": second["next_cursor"]})).json()
    assert [item["id"] for item in second["items"] + third["items"]] == [made[2], made[1], made[0]]
    assert third["next_cursor"] is None
    mine = (await person.client.get("/api/v1/me/videos", params={"limit": 4, "state": "playable"})).json()
    assert [item["id"] for item in mine["items"]] == made[:1:-1]
    rest = await person.client.get("/api/v1/me/videos", params={"limit": 4, "cursor": mine["next_cursor"]})
    assert [item["id"] for item in rest.json()["items"]] == [made[1], made[0]]
    assert (await person.client.get("/api/v1/me/videos", params={"state": "failed"})).json()["items"] == []
    other = await house.person(handle="other")
    await make_playable(house, other, 1)
    for handle, number in (("other", 1), (person.handle.upper(), 6), ("nobody", 0)):
        listed = await guest.get("/api/v1/videos", params={"handle": handle})
        assert len(listed.json()["items"]) == number, handle
    for wrong in ({"cursor": "x"}, {"limit": 0}, {"limit": 101}, {"cursor": "x" * 201}):
        assert (await guest.get("/api/v1/videos", params=wrong)).status_code == 422


async def test_a_video_takes_its_place_among_the_newest_when_everybody_may_play_it(house: House) -> None:
    owner = await house.person()
    film = await Film.made(house, owner, visibility="public")
    assert (await film.seen())["published_at"] is None
    film = await Film.playing(house, owner)
    assert (await film.seen())["published_at"] is None
    shown = await owner.client.patch(
        f"/api/v1/videos/{film.id}", json={"visibility": "public", "title": "Now"}
    )
    at = shown.json()["published_at"]
    assert at is not None
    for visibility in ("private", "public"):
        again = await owner.client.patch(f"/api/v1/videos/{film.id}", json={"visibility": visibility})
        assert again.json()["published_at"] == at
    async with house.works.open() as work:
        await videos.mark_ready(work, film.id, work.now)
    video = await film.seen()
    assert video["state"] == "ready"
    assert 0 <= video["playable_s"] <= video["ready_s"]


async def test_a_rejected_video_keeps_the_reason_and_no_bytes(house: House) -> None:
    owner, stranger = await house.person(), await house.person()
    film = await Film.made(house, owner, visibility="public")
    blob_id = await film.upload()
    async with house.works.open() as work:
        assert await videos.begin_checking(work, film.id, blob_id, work.now)
        await videos.reject(work, film.id, "encoding.not_a_video", "This is not a video.")
        await videos.reject(work, film.id, "encoding.other", "Again.")
    video = await film.seen()
    assert (video["state"], video["reason"], video["size_bytes"]) == ("rejected", "This is not a video.", 0)
    assert (await stranger.client.get(f"/api/v1/videos/{film.id}")).status_code == 404
    refused = await owner.client.post(f"/api/v1/videos/{film.id}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "videos.no_source")
    another = await film.upload(b"another file")
    async with house.works.open() as work:
        assert await videos.begin_checking(work, film.id, another, work.now)
    again = await film.seen()
    assert (again["state"], again["reason"]) == ("checking", None)


async def test_what_plays_goes_on_playing_when_the_rest_fails(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="public")
    async with house.works.open() as work:
        await videos.set_progress(
            work, film.id, stage="Encoding 720p", percent=50, speed=2.0, left_s=3, attempts=1
        )
        await videos.fail(work, film.id, "encoding.failed", "The encoder stopped.", "last\x00 lines")
    video = await film.seen()
    assert (video["state"], video["error_log"], video["progress"]) == ("failed", "last lines", None)
    assert (await guest.get(f"{await film.base()}/master.m3u8")).status_code == 200
    assert (await guest.get("/api/v1/videos")).json()["items"] == []
    retried = (await owner.client.post(f"/api/v1/videos/{film.id}/retry")).json()
    assert (retried["state"], retried["reason"], retried["error_log"]) == ("playable", None, None)
    assert [job["subject"] for job in await house.waiting("encoding.take_up_again")] == [f"video:{film.id}"]
    wrong = await owner.client.post(f"/api/v1/videos/{film.id}/retry")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "videos.wrong_state")


async def test_a_cancelled_video_is_its_owners_alone_until_it_is_taken_up_again(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="public")
    address = f"{await film.base()}/master.m3u8"
    for _ in range(2):
        answer = await owner.client.post(f"/api/v1/videos/{film.id}/cancel")
        assert answer.json()["state"] == "cancelled"
    assert (await guest.get(address)).status_code == 404
    assert (await guest.get(f"/api/v1/videos/{film.id}")).status_code == 404
    assert (await owner.client.post(f"/api/v1/videos/{film.id}/retry")).json()["state"] == "playable"
    assert (await guest.get(address)).status_code == 200
    async with house.works.open() as work:
        await videos.mark_ready(work, film.id, work.now)
    refused = await owner.client.post(f"/api/v1/videos/{film.id}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "videos.wrong_state")


async def test_opposite_words_end_the_same_in_any_order(house: House) -> None:
    """Cancel, fail, ready and progress come from different jobs: whatever comes last finds a settled state."""
    owner = await house.person()
    for order in permutations(("cancel", "fail", "progress")):
        film = await Film.made(house, owner)
        await film.check()
        for word in order:
            async with house.works.open() as work:
                if word == "cancel":
                    await videos.mark_cancelled(work, film.id)
                elif word == "fail":
                    await videos.fail(work, film.id, "encoding.failed", "It stopped.", "")
                else:
                    await videos.set_progress(
                        work, film.id, stage="Working", percent=1, speed=None, left_s=None, attempts=1
                    )
        video = await film.seen()
        first = next(word for word in order if word != "progress")
        assert (video["state"], video["progress"]) == ("cancelled" if first == "cancel" else "failed", None)
    film = await Film.playing(house, owner)
    async with house.works.open() as work:
        await videos.mark_ready(work, film.id, work.now)
        await videos.mark_playable(work, film.id, work.now)
        await videos.fail(work, film.id, "encoding.failed", "Too late.", "")
        await videos.mark_cancelled(work, film.id)
    assert (await film.seen())["state"] == "ready"


def stored(folder: Path) -> list[str]:
    blobs = folder / "storage" / "blobs"
    return sorted(path.relative_to(blobs).as_posix() for path in blobs.rglob("*") if path.is_file())


async def test_a_deleted_video_is_gone_at_once_and_its_bytes_soon_after(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="public")
    kept = await Film.playing(house, owner, visibility="public")
    base, original = await film.base(), (await film.seen())["original"]
    await film.own_picture()
    before = stored(house.settings.house.data_dir)
    addresses = [f"{base}/master.m3u8", f"{base}/{film.renditions['240p']}/0.m4s", original]
    assert (await owner.client.delete(f"/api/v1/videos/{film.id}")).status_code == 204
    for address in (*addresses, f"/api/v1/videos/{film.id}"):
        assert (await guest.get(address)).status_code == 404
        assert (await owner.client.get(address)).status_code == 404
    assert (await owner.client.delete(f"/api/v1/videos/{film.id}")).status_code == 404
    async with house.works.open() as work:
        assert await files.bytes_of(work, [f"video:{film.id}"]) == {f"video:{film.id}": 0}
        assert await videos.encoding_view(work, film.id) is None
        with pytest.raises(VideoGone):
            await videos.set_init(work, film.renditions["240p"], size_bytes=1)
        with pytest.raises(VideoGone):
            await videos.mark_ready(work, film.id, work.now)
        await videos.fail(work, film.id, "encoding.failed", "Late.", "")
    await house.run_jobs("io")
    after = stored(house.settings.house.data_dir)
    assert len(after) * 2 < len(before) + 7
    answer = await guest.get(f"{await kept.base()}/{kept.renditions['240p']}/0.m4s")
    assert answer.status_code == 200


async def test_a_held_video_is_public_only_when_every_check_is_released(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.made(house, owner, visibility="public")
    soon = datetime.now(UTC) + timedelta(hours=1)
    async with house.works.open() as work:
        await videos.hold(work, film.id, "moderation", soon)
        await videos.hold(work, film.id, "copyright", soon)
    await film.check()
    async with house.works.open() as work:
        await videos.mark_playable(work, film.id, work.now)
    video = await film.seen()
    assert video["held"]
    assert video["published_at"] is None
    assert (await guest.get(f"/api/v1/videos/{film.id}")).status_code == 404
    async with house.works.open() as work:
        await videos.release(work, film.id, "moderation")
        await videos.release(work, film.id, "never asked")
        await videos.review(work, film.id, "copyright")
    assert (await film.seen())["held"]
    house.works.clock = lambda: soon
    async with house.works.open() as work:
        await videos.review(work, film.id, "copyright")
    assert (await film.seen())["published_at"] is not None
    assert (await guest.get(f"/api/v1/videos/{film.id}")).status_code == 200


async def test_other_sites_are_told_how_to_embed(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="unlisted", title='A "film" <b>')
    page = f"http://localhost:8000/watch/{film.id}"
    answer = await guest.get(
        "/oembed", params={"url": page, "format": "json", "maxwidth": 640, "maxheight": 180}
    )
    assert answer.status_code == 200
    told = answer.json()
    assert (told["version"], told["type"], told["title"]) == ("1.0", "video", 'A "film" <b>')
    assert (told["width"], told["height"]) == (320, 180)
    assert f'src="http://localhost:8000/embed/{film.id}"' in told["html"]
    assert "<b>" not in told["html"]
    thumbnail = told["thumbnail_url"].removeprefix("http://localhost:8000")
    assert (await guest.get(thumbnail)).status_code == 200
    for wrong in ("http://evil.example/watch/1", "ftp://localhost:8000/watch/1", "http://[", page + "0", "x"):
        assert (await guest.get("/oembed", params={"url": wrong})).status_code == 404, wrong
    assert (await guest.get("/oembed", params={"url": page, "format": "xml"})).status_code == 422


async def test_a_film_takes_one_file_and_another_only_when_that_one_failed(house: House) -> None:
    owner = await house.person()
    film = await Film.made(house, owner)
    rival = await _offer(owner, film)
    await film.check()
    assert (await owner.client.head(rival, headers=TUS)).status_code == 404, "the loser is told at once"
    assert (await _ask(owner, film)).status_code == 404
    async with house.works.open() as work:
        await videos.reject(work, film.id, "encoding.not_a_video", "This is no video.")
    assert (await _ask(owner, film)).status_code == 201


async def test_a_deleted_film_frees_a_whole_file_that_nobody_took(house: House) -> None:
    owner = await house.person()
    film = await Film.made(house, owner)
    await film.upload()
    assert (await owner.client.get("/api/v1/me/storage")).json()["used_bytes"] > 0
    assert (await owner.client.delete(f"/api/v1/videos/{film.id}")).status_code == 204
    assert (await owner.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0


async def _ask(person: Person, film: Film) -> httpx.Response:
    metadata = f"filename {coded('b.mp4')},purpose {coded('video')},subject {coded(f'video:{film.id}')}"
    headers = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata}
    return await person.client.post("/api/v1/uploads", headers=headers)


async def _offer(person: Person, film: Film) -> str:
    answer = await _ask(person, film)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])
