"""What the house says that it keeps about people: true, in words, and for everybody."""

from pathlib import Path

from tests.conftest import MakeHouse
from tests.support.house import House

from matinee.entrypoints import product
from matinee.entrypoints.api.keeping import in_words
from matinee.entrypoints.parts import load_settings


async def test_everybody_reads_what_is_kept_and_for_how_long(make_house: MakeHouse) -> None:
    house = await make_house(leaving_days=14)
    answer = await (await house.client()).get("/api/v1/privacy")
    assert answer.status_code == 200
    said = answer.json()
    assert said["leaving_days"] == 14
    assert "MATINEE_" not in answer.text
    rooms = {room["name"]: room for room in said["rooms"]}
    assert next(iter(rooms)) == "accounts"
    assert "log for 1095 days" in rooms["accounts"]["how_long"]
    seen = {kept["about"]: kept["seen_by"] for room in said["rooms"] for kept in room["given"]}
    assert seen["What everybody may see of you."] == "everybody"
    assert seen["Browsers where you are signed in."] == "operators"


async def test_all_that_a_copy_holds_is_on_the_page(house: House) -> None:
    said = (await (await house.client()).get("/api/v1/privacy")).json()
    told = {kept["about"] for room in said["rooms"] for kept in room["given"]}
    assert told == {in_words(one.about, house.settings) for room in product.ROOMS for one in room.told}
    besides = {about for room in said["rooms"] for about in room["besides"]}
    untold = {in_words(about, house.settings) for room in product.ROOMS for about in room.untold.values()}
    assert {about for about in untold - besides if not about.lower().endswith("about no person.")} == set()


async def test_the_page_says_what_holds_in_this_house(make_house: MakeHouse) -> None:
    house = await make_house(audit_days=0, notice_days=1, leaving_days=0)
    said = (await (await house.client()).get("/api/v1/privacy")).json()
    assert said["leaving_days"] == 0
    (how_long,) = (room["how_long"] for room in said["rooms"] if room["name"] == "accounts")
    assert "The audit log for ever;" in how_long
    assert "notices for 1 day;" in how_long


def test_every_room_says_how_long_in_settings_that_exist() -> None:
    settings = load_settings()
    for room in product.ROOMS:
        assert room.retention.endswith("."), room.name
        assert "MATINEE_" not in in_words(room.retention, settings)


async def test_its_page_has_a_head_of_its_own(make_house: MakeHouse, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>Matinee</title><!--head-->")
    house = await make_house(web_dir=tmp_path)
    page = await (await house.client()).get("/privacy")
    assert "<title>What this house keeps · Matinee</title>" in page.text
    assert 'name="description" content="What this house keeps about people' in page.text
