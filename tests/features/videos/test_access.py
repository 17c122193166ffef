"""Who may see and fetch what: a stranger gets 404 on everything of a private video."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.videos.film import Film, content
from tests.support.house import House

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import TokenScope
from matinee.features.videos import service as videos
from matinee.features.videos.errors import VideoNotFound


async def addresses(film: Film, base: str) -> dict[str, str]:
    """Every kind of address below /media, with the grant of `base`."""
    video = await film.seen()
    number = video["poster_candidates"][0]["index"]
    rung = film.renditions["240p"]
    return {
        "master": f"{base}/master.m3u8",
        "dash": f"{base}/manifest.mpd",
        "playlist": f"{base}/{rung}/index.m3u8",
        "init": f"{base}/{rung}/init.mp4",
        "segment": f"{base}/{rung}/0.m4s",
        "poster": f"{base}/poster/{number}/320.jpg",
        "storyboard": f"{base}/storyboard.vtt",
        "sheet": f"{base}/storyboard/100.webp",
    }


async def statuses(client: httpx.AsyncClient, urls: dict[str, str]) -> dict[str, int]:
    return {name: (await client.get(url)).status_code for name, url in urls.items()}


async def test_a_stranger_gets_404_on_everything_of_a_private_video(house: House) -> None:
    owner, stranger = await house.person(), await house.person()
    film = await Film.playing(house, owner)
    guest = await house.client()
    own = await addresses(film, await film.base())
    guessed = {name: f"/media/{film.id}/open/{url.split('/', 4)[4]}" for name, url in own.items()}
    original = (await film.seen())["original"]
    guessed["original"] = f"/media/{film.id}/open/original"
    for client in (guest, stranger.client):
        assert set((await statuses(client, guessed)).values()) == {404}
        for path in ("", "/resume"):
            assert (await client.get(f"/api/v1/videos/{film.id}{path}")).status_code == 404
        beat = {"position_s": 1, "watched_s": 1, "visit": str(film.id)}
        assert (await client.post(f"/api/v1/videos/{film.id}/watch", json=beat)).status_code == 404
        page = f"http://localhost:8000/watch/{film.id}"
        assert (await client.get("/oembed", params={"url": page})).status_code == 404
    for method, path in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/retry"),
        ("POST", "/cancel"),
        ("PUT", "/poster"),
    ):
        body = {"candidate": 1} if method == "PUT" else {}
        answer = await stranger.client.request(method, f"/api/v1/videos/{film.id}{path}", json=body)
        assert answer.status_code == 404, (method, path)
    assert (await guest.get("/api/v1/videos")).json()["items"] == []
    assert set((await statuses(guest, own)).values()) == {200}
    assert (await guest.get(original)).status_code == 200


async def test_public_and_unlisted_media_are_open_and_only_public_is_listed(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    public = await Film.playing(house, owner, visibility="public", title="Seen")
    unlisted = await Film.playing(house, owner, visibility="unlisted", title="By address")
    for film in (public, unlisted):
        base = await film.base()
        assert base == f"/media/{film.id}/open"
        assert set((await statuses(guest, await addresses(film, base))).values()) == {200}
        answer = await guest.get(f"{base}/{film.renditions['240p']}/0.m4s")
        assert answer.content == content("240p", 0)
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        sound = await guest.get(f"{base}/{film.renditions['audio-0']}/1.m4s")
        assert sound.headers["content-type"] == "audio/mp4"
        seen = (await guest.get(f"/api/v1/videos/{film.id}")).json()
        secret = ("filename", "reason", "error_log", "source", "size_bytes", "original", "upload")
        assert not any(seen[name] for name in secret)
        assert seen["poster_candidates"] == []
        assert not seen["is_owner"]
    listed = (await guest.get("/api/v1/videos")).json()["items"]
    assert [item["title"] for item in listed] == ["Seen"]


async def test_a_token_sees_of_a_private_film_what_its_scopes_say(house: House) -> None:
    owner = await house.person("admin", "creator")
    film = await Film.playing(house, owner)

    async def seen(*scopes: TokenScope) -> httpx.Response:
        async with house.works.open() as work:
            token = await accounts.issue_token(work, owner.account_id, "x", scopes=scopes, days=1)
        program = await house.client(headers={"Authorization": f"Bearer {token}"})
        return await program.get(f"/api/v1/videos/{film.id}")

    assert (await seen("account")).status_code == 404
    narrow: TokenScope
    for narrow in ("upload", "operate"):
        answer = await seen(narrow)
        assert answer.json()["state"] == "playable"
        assert answer.json()["is_owner"]
        assert "/media/" not in answer.text
    wide: TokenScope
    for wide in ("read", "manage"):
        video = (await seen("upload", wide)).json()
        assert None not in (video["playback"], video["original"], video["poster"])
        assert len(video["poster_candidates"]) == 2
    await owner.client.patch(f"/api/v1/videos/{film.id}", json={"visibility": "public"})
    video = (await seen("upload")).json()
    assert video["playback"]["hls"] == f"/media/{film.id}/open/master.m3u8"
    assert video["original"] is None


async def test_the_original_needs_its_owners_grant_even_where_all_is_public(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="public", filename="holi day.mp4")
    assert (await guest.get(f"/media/{film.id}/open/original")).status_code == 404
    signed = (await film.seen())["original"]
    answer = await guest.get(signed)
    assert answer.status_code == 200
    assert answer.content == b"the source " * 400
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''holi%20day.mp4"
    assert "private" in answer.headers["cache-control"]
    grant = signed.split("/")[3]
    elsewhere = await Film.playing(house, owner)
    assert (await guest.get(f"/media/{elsewhere.id}/{grant}/original")).status_code == 404
    assert (await guest.get(f"/media/{elsewhere.id}/{grant}/master.m3u8")).status_code == 404


async def test_a_grant_that_was_tampered_with_opens_nothing(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner)
    base = await film.base()
    grant = base.rsplit("/", 1)[1]
    expires, signature = grant.split(".")
    last = "0" if signature[-1] != "0" else "1"
    for other in (
        f"{int(expires) + 1}.{signature}",
        f"{expires}.{signature[:-1]}{last}",
        f"{expires}.{signature[:-1]}",
        f"{expires}.",
        f".{signature}",
        signature,
        f"０{expires}.{signature}",
        f" {grant}",
        "open",
        "0",
    ):
        answer = await guest.get(f"/media/{film.id}/{other}/master.m3u8")
        assert answer.status_code == 404, other
        assert answer.json()["code"] == "videos.media_not_found"
    assert (await guest.get(f"/media/no-id/{grant}/master.m3u8")).status_code == 404
    assert (await guest.get(f"{base}/not-an-id/index.m3u8")).status_code == 404
    for name in ("00.m4s", "-1.m4s", "999.m4s", "0.mp4", "init.m4s", "..%2Finit.mp4", "0-0.m4s", "0-1.m4s",
                 "0-.m4s", "0-01.m4s", "init-1.mp4", "init-0.mp4"):  # fmt: skip
        assert (await guest.get(f"{base}/{film.renditions['240p']}/{name}")).status_code == 404, name
    for name in ("320.png", "321.jpg", "0320.jpg"):
        assert (await guest.get(f"{base}/poster/100/{name}")).status_code == 404, name


async def test_a_grant_ends(make_house: MakeHouse) -> None:
    house = await make_house(media_grant_s=60)
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner)
    video = await film.seen()
    ends = datetime.fromisoformat(video["playback"]["grant_expires_at"])
    assert timedelta(seconds=55) < ends - datetime.now(UTC) <= timedelta(seconds=75)
    assert (await guest.get(video["playback"]["hls"])).status_code == 200
    house.works.clock = lambda: ends - timedelta(seconds=1)
    assert (await guest.get(video["playback"]["hls"])).status_code == 200
    house.works.clock = lambda: ends
    assert (await guest.get(video["playback"]["hls"])).status_code == 404
    assert (await film.seen())["playback"]["hls"] != video["playback"]["hls"]


async def test_an_address_of_who_looks_through_somebodys_eyes_does_not_go_on_for_hours(house: House) -> None:
    owner, boss = await house.person(), await house.person("owner")
    film = await Film.playing(house, owner)
    look = f"/api/v1/admin/accounts/{owner.account_id}/look"
    assert (await boss.client.post(look, json={"reason": "A film does not play."})).status_code == 201
    seen = (await boss.client.get(f"/api/v1/videos/{film.id}")).json()
    ends = datetime.fromisoformat(seen["playback"]["grant_expires_at"])
    assert ends - datetime.now(UTC) <= timedelta(minutes=20)
    assert seen["original"].split("/")[3].split(".")[0] == str(int(ends.timestamp()))


async def test_a_video_that_turns_private_is_closed_at_once(house: House) -> None:
    owner, guest = await house.person(), await house.client()
    film = await Film.playing(house, owner, visibility="public")
    opened = await addresses(film, await film.base())
    changed = await owner.client.patch(f"/api/v1/videos/{film.id}", json={"visibility": "private"})
    assert changed.json()["playback"]["hls"].startswith(f"/media/{film.id}/1")
    assert set((await statuses(guest, opened)).values()) == {404}
    assert (await guest.get("/api/v1/videos")).json()["items"] == []
    await owner.client.patch(f"/api/v1/videos/{film.id}", json={"visibility": "public"})
    assert set((await statuses(guest, opened)).values()) == {200}


async def test_the_secret_is_made_once_and_readable_by_the_house_alone(house: House) -> None:
    owner = await house.person()
    await (await Film.playing(house, owner)).base()
    path = house.settings.house.data_dir / "media-key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) >= 64
    assert [p.name for p in path.parent.glob("media-key*")] == ["media-key"]


async def test_another_key_takes_over_while_addresses_of_the_former_live_out(make_house: MakeHouse) -> None:
    former, present = token_hex(24), token_hex(24)
    before = await make_house(media_key=former)
    owner = await before.person()
    film = await Film.playing(before, owner)
    old, original = (await film.seen())["playback"]["hls"], (await film.seen())["original"]
    visit = {"position_s": 6, "watched_s": 6, "visit": str(uuid4())}
    assert (await owner.client.post(f"/api/v1/videos/{film.id}/watch", json=visit)).status_code == 204

    async def opens(house: House, *addresses: str) -> list[int]:
        guest = await house.client()
        return [(await guest.get(address)).status_code for address in addresses]

    after = await make_house(media_key=present, media_key_former=former)
    assert await opens(after, old, original) == [200, 200]
    again = await after.client()
    again.cookies, again.headers = owner.client.cookies, owner.client.headers
    seen = (await again.get(f"/api/v1/videos/{film.id}")).json()
    new = seen["playback"]["hls"]
    assert new != old
    assert await opens(after, new, new.replace(new.split("/")[3], old.split("/")[3])) == [200, 200]
    assert await opens(before, new) == [404]
    after.works.clock = lambda: datetime.fromisoformat(seen["playback"]["grant_expires_at"])
    assert await opens(after, old, original, new) == [404, 404, 404]
    leaked = await make_house(media_key=present)
    assert await opens(leaked, old, original, new) == [404, 404, 200]
    async with after.works.open() as work:
        assert await videos.erase(work, owner.account_id)
    async with after.works.open() as work:
        left = await work.session.execute(
            text("SELECT count(*) FROM infra_tally WHERE kind = 'videos.watched'")
        )
        assert left.scalar_one() == 0


async def test_others_may_not_change_what_they_can_see(house: House) -> None:
    owner, other, admin = await house.person(), await house.person(), await house.person("admin")
    film = await Film.playing(house, owner, visibility="public")
    refused = await other.client.patch(f"/api/v1/videos/{film.id}", json={"title": "Mine now"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "videos.not_yours"
    allowed = await admin.client.patch(f"/api/v1/videos/{film.id}", json={"title": "By the operator"})
    assert allowed.status_code == 200
    assert allowed.json()["source"] is not None
    assert not allowed.json()["is_owner"]
    guest = await house.client()
    assert (await guest.patch(f"/api/v1/videos/{film.id}", json={"title": "x"})).status_code == 401
    assert (await guest.post("/api/v1/videos", json={"title": "x"})).status_code == 401
    assert (await guest.get("/api/v1/me/videos")).status_code == 401


async def test_a_socket_may_follow_only_what_its_person_may_see(house: House) -> None:
    owner, stranger = await house.person(), await house.person()
    film = await Film.playing(house, owner)
    async with house.acting(owner) as work:
        assert await videos.follow(work, str(film.id)) == f"video:{film.id}"
        assert await videos.own_channel(work, None) == f"my-videos:{owner.account_id}"
        assert await videos.own_channel(work, str(stranger.account_id)) is None
    async with house.acting(stranger) as work:
        assert await videos.follow(work, str(film.id)) is None
        assert await videos.follow(work, "no id") is None
        assert await videos.follow(work, None) is None
        with pytest.raises(VideoNotFound):
            await videos.get(work, film.id)


async def test_other_sites_may_ask_before_they_fetch_what_is_open(house: House) -> None:
    client = await house.client()
    asked = await client.options("/media/x/open/master.m3u8", headers={"Origin": "https://other.example"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    closed = await client.options("/media/x/123.abc/master.m3u8", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in closed.headers
