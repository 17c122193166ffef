"""The audit log: what was done stands once, in one order, and whoever changes it is found out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.rules import chain
from matinee.features.accounts.schemas import AuditVerdict
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import NewRole
from matinee.kernel.ids import new_id
from matinee.kernel.time import utc_now

FREE = "ALTER TABLE accounts_audit DISABLE TRIGGER USER"  # what whoever owns the tables may


async def written(house: House, acts: int = 6) -> None:
    """A chain with at least so many entries."""
    for number in range(acts):
        async with house.works.open() as work:
            await accounts.audit.record(work, "lane.paused", lane=f"lane {number}")
    await linked(house)


async def linked(house: House) -> None:
    async with house.works.open() as work:
        await accounts.link_audit(work)


async def verdict(house: House, **noted: Any) -> AuditVerdict:
    async with house.works.open() as work:
        return await accounts.verify_audit(work, **noted)


async def tampered(house: House, *statements: str) -> AuditVerdict:
    async with house.works.open() as work:
        for statement in (FREE, *statements):
            await work.session.execute(text(statement))
    return await verdict(house)


async def if_tampered(house: House, statement: str) -> AuditVerdict:
    """What would be found; afterwards nothing has happened."""
    async with house.works.open() as work:
        await work.session.execute(text(FREE))
        await work.session.execute(text(statement))
        found = await accounts.verify_audit(work)
        await work.session.rollback()
        return found


async def computed_anew(house: House) -> bytes:
    """The second entry is another one, and all digests fit. Returns the last."""
    async with house.works.open() as work:
        await work.session.execute(text(FREE))
        await work.session.execute(text("UPDATE accounts_audit SET act = 'lane.resumed' WHERE seq = 2"))
        digest = chain.BEGINNING
        for row in (await work.session.execute(text("SELECT * FROM accounts_audit ORDER BY seq"))).all():
            digest = chain.digest_of(digest, row.seq, row)
            await work.session.execute(
                text("UPDATE accounts_audit SET digest = :digest WHERE seq = :seq"),
                {"digest": digest, "seq": row.seq},
            )
        return digest


async def log_of(house: House, **filters: Any) -> list[Any]:
    async with house.works.open() as work:
        return (await accounts.audit_log(work, limit=200, **filters)).items


async def acts_about(house: House, person: Person) -> list[str]:
    return [entry.act for entry in reversed(await log_of(house, person=person.handle))]


async def test_an_untouched_log_is_whole(house: House) -> None:
    assert (await verdict(house)).intact
    await written(house)
    found = await verdict(house)
    assert (found.intact, found.entries, found.waiting, found.notes) == (True, found.last, 0, [])
    assert found.entries >= 6


DEEDS = (
    ("UPDATE accounts_audit SET act = 'lane.resumed' WHERE seq = 3", "Entry 3 is not what was written."),
    ("UPDATE accounts_audit SET facts = '{}' WHERE seq = 3", "Entry 3 is not what was written."),
    ("UPDATE accounts_audit SET by_id = id WHERE seq = 3", "Entry 3 is not what was written."),
    ("UPDATE accounts_audit SET at = at - interval '1 s' WHERE seq = 3", "Entry 3 is not what was"),
    (
        "UPDATE accounts_audit SET digest = digest || 'x' WHERE seq = 3",
        "Entry 3 is not what was written.",
    ),
    ("DELETE FROM accounts_audit WHERE seq = 3", "Entry 3 is missing."),
    ("DELETE FROM accounts_audit WHERE seq <= 2", "Entries 1 to 2 are missing."),
    ("DELETE FROM accounts_audit WHERE seq > 4", "Entries 5 to"),
    ("DELETE FROM accounts_audit", "Entries 1 to"),
    ("UPDATE accounts_audit SET seq = 7 - seq + 100 WHERE seq IN (3, 4)", "missing"),
    ("UPDATE accounts_audit_head SET seq = 4", "stand behind the end"),
    (
        "UPDATE accounts_audit_head SET broken_at = NULL, at = now()",
        "seal of its end is not of this house",
    ),
)


async def test_every_deed_against_the_log_is_found(house: House) -> None:
    await written(house)
    for deed, fault in DEEDS:
        found = await if_tampered(house, deed)
        assert not found.intact, deed
        assert any(fault in said for said in found.faults), (deed, found.faults)
    assert (await verdict(house)).intact


async def test_two_entries_that_changed_places_are_found(house: House) -> None:
    await written(house)
    found = await tampered(
        house,
        "UPDATE accounts_audit SET seq = -3 WHERE seq = 3",
        "UPDATE accounts_audit SET seq = 3 WHERE seq = 4",
        "UPDATE accounts_audit SET seq = 4 WHERE seq = -3",
    )
    assert "Entry 3 is not what was written." in found.faults


async def test_a_chain_that_is_computed_anew_does_not_meet_its_seal(house: House) -> None:
    """Digests need no secret: who changes an entry can compute all that follow. The seal is what they cannot make."""
    await written(house)
    await computed_anew(house)
    found = await verdict(house)
    assert f"Entry {found.last} is not the one that was sealed." in found.faults


async def test_rows_cut_off_the_end_stay_missed_although_the_log_goes_on(house: House) -> None:
    await written(house)
    last = (await verdict(house)).last
    await tampered(house, f"DELETE FROM accounts_audit WHERE seq = {last}")
    await written(house, 2)
    found = await verdict(house)
    assert found.last == last + 2
    assert f"Entry {last} is missing." in found.faults
    assert any("not as it had been left" in said for said in found.faults)


async def test_an_end_that_was_taken_away_altogether_is_missed_as_soon_as_the_log_goes_on(
    house: House,
) -> None:
    await written(house)
    found = await tampered(house, "DELETE FROM accounts_audit_head")
    assert found.notes
    await written(house, 1)
    assert any("not as it had been left" in said for said in (await verdict(house)).faults)


async def test_a_chain_forged_under_the_seal_of_nobody_is_found_by_the_machine_that_sealed_it(
    house: House,
) -> None:
    """Who owns the tables can compute the chain anew and leave an end that looks like another machine's. What this
    machine sealed last lies beside its secret, not in the database."""
    await written(house)
    digest = await computed_anew(house)
    async with house.works.open() as work:
        forged = text("UPDATE accounts_audit_head SET seal = 'somebody else', digest = :digest")
        await work.session.execute(forged, {"digest": digest})
    last = (await verdict(house)).last
    assert (await verdict(house)).faults == [f"Entry {last} is not the one that this machine sealed last."]
    await written(house, 1)  # which is remembered for good, although this machine seals the end again
    assert any("not as it had been left" in said for said in (await verdict(house)).faults)


async def test_a_log_that_was_removed_altogether_is_missed_by_the_machine_that_sealed_it(
    house: House,
) -> None:
    await written(house)
    last = (await verdict(house)).last
    found = await tampered(house, "DELETE FROM accounts_audit", "DELETE FROM accounts_audit_head")
    assert found.faults == [f"Entry {last} is not the one that this machine sealed last."]


@pytest.mark.parametrize("left", ["", "no end", "12:34"])
async def test_an_end_that_cannot_be_read_is_as_if_none_were_known(house: House, left: str) -> None:
    await written(house)
    (file,) = (house.works.settings.house.data_dir / "audit").iterdir()
    file.write_text(left)
    assert (await verdict(house)).intact
    await written(house, 1)
    assert file.read_text() != left


async def test_an_end_that_was_noted_elsewhere_is_held_against_the_log(house: House) -> None:
    await written(house)
    noted = await verdict(house)
    await written(house, 2)
    assert (await verdict(house, expect=(noted.last, noted.digest))).intact
    assert not (await verdict(house, expect=(noted.last, "0" * 64))).intact
    assert not (await verdict(house, expect=(noted.last + 50, noted.digest))).intact


async def test_the_application_itself_can_neither_change_nor_remove_entries(house: House) -> None:
    async with house.works.open() as work:
        await accounts.audit.record(work, "lane.paused", lane="cpu")
    for waits in (True, False):
        if not waits:
            await linked(house)
        for deed in (
            "UPDATE accounts_audit SET act = 'lane.resumed'",
            "UPDATE accounts_audit SET seq = seq + 1, digest = ''",
            "UPDATE accounts_audit SET seq = 1, digest = '', act = 'lane.resumed'",
            "DELETE FROM accounts_audit",
            "TRUNCATE accounts_audit",
        ):
            async with house.works.open() as work:
                with pytest.raises(DBAPIError, match="only added to"):
                    await work.session.execute(text(deed))
                await work.session.rollback()
    assert (await verdict(house)).intact


async def test_what_is_taken_back_leaves_no_entry_and_no_gap(house: House) -> None:
    async with house.works.open() as work:
        await accounts.audit.record(work, "lane.paused", lane="never")
        await work.session.rollback()
    await written(house, 2)
    assert (await verdict(house)).intact
    assert "never" not in str(await log_of(house))


async def test_an_act_that_commits_late_gets_its_place_after_those_that_overtook_it(house: House) -> None:
    async with house.works.open() as slow:
        await accounts.audit.record(slow, "lane.paused", lane="slow")
        await written(house, 2)
    await linked(house)
    assert (await verdict(house)).intact
    entries = sorted(await log_of(house, act="lane.paused"), key=lambda entry: entry.seq)
    assert [entry.facts["lane"] for entry in entries] == ["lane 0", "lane 1", "slow"]


async def test_many_may_write_and_link_at_the_same_time(house: House) -> None:
    async def act(number: int) -> None:
        async with house.works.open() as work:
            await accounts.audit.record(work, "lane.paused", lane=str(number))
        await linked(house)

    await asyncio.gather(*(act(number) for number in range(24)))
    found = await verdict(house)
    assert (found.intact, found.waiting) == (True, 0)
    assert {entry.facts["lane"] for entry in await log_of(house, act="lane.paused")} == {*map(str, range(24))}


async def test_the_worker_links_by_itself_what_was_written(house: House) -> None:
    before = (await verdict(house)).waiting
    async with house.works.open() as work:
        await accounts.audit.record(work, "lane.paused", lane="cpu")
    assert (await verdict(house)).waiting == before + 1
    await house.run_jobs()
    assert (await verdict(house)).waiting == 0


async def test_another_machine_with_its_own_secret_goes_on_with_the_same_chain(
    make_house: Any, tmp_path: Any
) -> None:
    one = await make_house(secret="a secret of the first machine, long enough")
    two = await make_house(secret="another secret, of the second machine now")
    await written(one, 2)
    await written(two, 2)
    assert (await verdict(one)).intact
    (note,) = (await verdict(one)).notes
    assert "sealed under another secret" in note
    assert (await verdict(two)).notes == []
    last = (await verdict(two)).last
    await tampered(two, f"DELETE FROM accounts_audit WHERE seq = {last}")
    assert f"Entry {last} is missing." in (await verdict(one)).faults


async def test_old_entries_are_removed_from_the_front_and_the_rest_stays_whole(make_house: Any) -> None:
    house = await make_house(audit_days=30)
    await written(house, 3)
    old = (await verdict(house)).last
    house.works.clock = lambda: utc_now() + timedelta(days=31)
    await written(house, 2)
    async with house.works.open() as work:
        await accounts.audit.record(work, "lane.paused", lane="last")
    async with house.works.open() as work:
        from matinee.features.accounts.service import chaining

        await chaining.link(work)
        assert await chaining.shorten(work) == old
    await linked(house)
    found = await verdict(house)
    assert (found.intact, found.first, found.notes) == (True, old + 1, [])
    (told,) = await log_of(house, act="audit.shortened")
    assert told.facts == {"entries": old, "first": old + 1, "days": 30}
    assert not (await tampered(house, f"DELETE FROM accounts_audit WHERE seq = {old + 1}")).intact


async def test_a_person_who_left_is_a_pseudonym_that_leads_nowhere_and_the_chain_holds(house: House) -> None:
    await house.person("admin")
    leaver = await house.person("creator", handle="zebrafinch")
    asked = {"login": leaver.email, "password": PASSWORD, "name": "zebrafinch tool"}
    assert (await leaver.client.post("/api/v1/tokens", json=asked)).status_code == 201
    entries = await log_of(house, person="zebrafinch")
    pseudonym = str(entries[0].about.pseudonym)
    assert {entry.act: entry.words for entry in entries}["token.made"] == {"name": "zebrafinch tool"}
    gone = await leaver.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert gone.status_code == 202
    await house.run_jobs()
    assert await log_of(house, person="zebrafinch") == []
    left = await log_of(house, person=pseudonym)
    assert {"account.made", "token.made", "account.left", "account.erased"} <= {entry.act for entry in left}
    (asked_for,) = [entry for entry in left if entry.act == "account.left"]
    assert "days" not in asked_for.facts, "none were to be waited, and 0 is read as without end"
    for entry in left:
        assert entry.words is None
        assert entry.about.handle is None
        assert "zebrafinch" not in entry.model_dump_json()
        assert str(leaver.account_id) not in entry.model_dump_json()
    await house.run_jobs()
    assert (await verdict(house)).intact


async def test_what_people_do_with_their_accounts_is_written_down(house: House) -> None:
    person, client = await house.person("creator", handle="ann"), await house.client()
    asked = {"login": "ann", "password": PASSWORD, "name": "a tool"}
    made = (await client.post("/api/v1/tokens", json=asked)).json()
    await person.client.delete(f"/api/v1/tokens/{made['id']}")
    begun = (await client.post("/api/v1/device", json={"client_name": "a laptop"})).json()
    await person.client.post(f"/api/v1/device/{begun['user_code']}/approve")
    await client.post("/api/v1/device/token", json={"device_code": begun["device_code"]})
    await person.client.patch("/api/v1/me/profile", json={"handle": "anna"})
    await person.client.post("/api/v1/me/email", json={"email": "anna@example.org", "password": PASSWORD})
    new = "another long enough password"
    await person.client.post("/api/v1/me/password", json={"current": PASSWORD, "new": new})
    await person.client.post("/api/v1/me/copies", json={})
    await client.post("/api/v1/session", json={"login": "anna", "password": new})
    await person.client.delete("/api/v1/session")
    async with house.works.open() as work:
        found = await accounts.acts_of(work, person.account_id, limit=100)
    acts = [entry.act for entry in reversed(found.items)]
    assert acts == [
        "account.made", "session.opened", "token.made", "token.revoked", "device.approved", "token.made",
        "handle.changed", "email.changed", "password.changed", "copy.asked", "session.opened", "session.ended",
    ]  # fmt: skip
    by_act = {entry.act: entry for entry in reversed(found.items)}  # the last of each
    assert by_act["handle.changed"].words == {"before": "ann", "after": "anna"}
    assert by_act["device.approved"].words == {"name": "a laptop"}
    assert by_act["email.changed"].words == {"email": "anna@example.org"}
    assert by_act["account.made"].who == "house"
    assert by_act["password.changed"].who == by_act["session.opened"].who == "you"
    plain = "".join(str(row) for row in await raw(house))
    for private in ("anna@", "a laptop", PASSWORD, new, made["token"]):
        assert private not in plain


async def raw(house: House) -> list[Any]:
    async with house.works.open() as work:
        return list((await work.session.execute(text("SELECT * FROM accounts_audit"))).all())


async def test_what_operators_do_is_written_down_with_their_name_and_shown_to_whom_it_concerns(
    house: House,
) -> None:
    admin, person = await house.person("admin", handle="boss"), await house.person(handle="ann")
    video = (await person.client.post("/api/v1/videos", json={"title": "My film"})).json()
    await admin.client.patch(f"/api/v1/videos/{video['id']}", json={"title": "Another title"})
    await admin.client.delete(f"/api/v1/videos/{video['id']}")
    await admin.client.post("/api/v1/admin/lanes/cpu/pause")
    await admin.client.post("/api/v1/admin/lanes/cpu/resume")
    async with house.acting(admin) as work:
        await accounts.set_roles(work, person.account_id, ["viewer"])
        await accounts.restrict(work, person.account_id, "suspended", "Spam.")
        await accounts.restrict(work, person.account_id, "suspended", "Spam.")
        await accounts.lift(work, person.account_id)
        await accounts.hand_out(work, person.account_id, "reset")
    entries = {entry.act: entry for entry in await log_of(house, person="boss")}
    assert {
        "video.edited", "video.deleted", "lane.paused", "lane.resumed", "account.roles", "account.suspended",
        "account.restored", "link.handed_out",
    } <= set(entries)  # fmt: skip
    deleted = entries["video.deleted"]
    assert (deleted.by.handle, deleted.about.handle) == ("boss", "ann")
    assert deleted.words == {"video": video["id"], "title": "Another title"}
    assert entries["account.roles"].facts["before"] == ["creator"]
    assert entries["account.roles"].facts["after"] == ["viewer"]
    assert len(await log_of(house, act="account.suspended")) == 1
    own = (await person.client.get("/api/v1/me/audit", params={"limit": 100})).json()
    if not own.get("items"):  # the suspension ended their session
        async with house.works.open() as work:
            page = await accounts.acts_of(work, person.account_id, limit=100)
        own = page.model_dump(mode="json")
    seen = {item["act"]: item for item in own["items"]}
    assert seen["video.deleted"]["who"] == "operator"
    assert not {"device", "place"} & set(seen["video.deleted"]["facts"])
    assert "lane.paused" not in seen


async def test_the_operators_list_is_for_operators_and_filters_and_pages(house: House) -> None:
    admin, person = await house.person("admin", handle="boss"), await house.person(handle="ann")
    assert (await person.client.get("/api/v1/admin/audit")).status_code == 403
    await written(house, 5)
    path, ask = "/api/v1/admin/audit", admin.client.get
    seen, cursor = [], None
    while True:
        page = (await ask(path, params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == len(await raw(house))
    only = (await ask(path, params={"act": "lane."})).json()["items"]
    assert {item["act"] for item in only} == {"lane.paused"}
    of_ann = (await ask(path, params={"person": "ann"})).json()["items"]
    assert {item["about"]["handle"] for item in of_ann} == {"ann"}
    assert (await ask(path, params={"person": "nobody_here"})).json()["items"] == []
    tomorrow = (utc_now() + timedelta(days=1)).isoformat()
    assert (await ask(path, params={"since": tomorrow})).json()["items"] == []
    assert len((await ask(path, params={"until": tomorrow})).json()["items"]) == len(seen)
    for wrong in ({"act": "lane%"}, {"cursor": "x"}, {"since": "yesterday"}):
        assert (await ask(path, params=wrong)).status_code == 422


async def refuse(house: House, login: str, times: int = 1) -> None:
    client = await house.client()
    for _ in range(times):
        wrong = {"login": login, "password": "not the right one"}
        assert (await client.post("/api/v1/session", json=wrong)).status_code == 401


async def test_addresses_in_the_log_are_for_who_manages_accounts(house: House) -> None:
    async with house.works.open() as work:
        await roles.make(work, NewRole(name="auditor", title="Auditor", permissions=["accounts.audit"]))
    auditor, admin = await house.person("auditor"), await house.person("admin")
    ann = await house.person(handle="ann")
    moved = {"email": "new@example.org", "password": PASSWORD}
    assert (await ann.client.post("/api/v1/me/email", json=moved)).is_success
    for by, reads in ((admin, True), (auditor, False)):
        found = await by.client.get("/api/v1/admin/audit", params={"act": "email.changed"})
        assert (len(found.json()["items"]), "new@example.org" in found.text) == (1, reads)
        by_address = await by.client.get("/api/v1/admin/audit", params={"person": "new@example.org"})
        assert by_address.status_code == (200 if reads else 403)
        by_handle = await by.client.get("/api/v1/admin/audit", params={"person": "@ann"})
        assert by_handle.json()["items"]


async def test_refused_sign_ins_are_told_at_once_and_then_counted(house: House) -> None:
    person = await house.person(handle="ann")
    await refuse(house, "ann", 2)
    await house.pump()
    await refuse(house, "ann", 5)
    await refuse(house, "somebody", 3)
    await house.pump()
    entries = await log_of(house, act="session.refused")
    assert sorted(
        (entry.about.handle if entry.about else None, entry.facts["tries"])
        for entry in entries
        if entry.about
    ) == [("ann", 2)]
    assert [entry.facts["tries"] for entry in entries if entry.about is None] == [3]
    async with house.works.open() as work:
        await accounts.sum_refusals(work)
    assert len(await log_of(house, act="session.refused")) == 2, "the window is not over"
    house.works.clock = lambda: utc_now() + timedelta(minutes=11)
    async with house.works.open() as work:
        await accounts.sum_refusals(work)
    entries = await log_of(house, act="session.refused", person="ann")
    assert sorted(entry.facts["tries"] for entry in entries) == [2, 5]
    async with house.works.open() as work:
        own = await accounts.acts_of(work, person.account_id)
    assert own.items[0].act == "session.refused"
    assert own.items[0].who == "house"


async def test_an_attack_on_many_accounts_leaves_a_bounded_number_of_entries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matinee.features.accounts.service import refusals

    monkeypatch.setattr(refusals, "ACCOUNTS_MOST", 3)
    people = [await house.person() for _ in range(6)]
    await house.pump()
    async with house.works.open() as work:
        for person in people * 10:
            work.tally(refusals.TALLY, person.account_id, why="credentials", place="Internet ABCD")
    await house.pump()
    entries = await log_of(house, act="session.refused")
    assert len(entries) <= 4
    assert sum(entry.facts["tries"] for entry in entries) == 60


def test_an_entry_takes_no_secret_and_nothing_without_bounds() -> None:
    for name in ("password", "new_secret", "email", "handle", "title", "Big"):
        with pytest.raises(ValueError, match="name for a fact"):
            chain.bounded({name: "x"})
    kept = chain.bounded(
        {"long": "x" * 10_000, "many": [str(n) for n in range(100)], "none": None, "zero": "a\x00b"}
    )
    assert (len(str(kept["long"])), len(kept["many"]), kept["zero"]) == (200, 20, "ab")  # type: ignore[arg-type]
    assert "none" not in kept
    with pytest.raises(ValueError, match="facts at most"):
        chain.bounded({f"fact_{letter}": 1 for letter in "abcdefghijklm"})
    for act in ("lane", "Lane.paused", "lane.paused; DROP", "a" * 30 + ".x"):
        with pytest.raises(ValueError, match=r"thing\.done"):
            chain.check_act(act)


class Written:
    """An entry as it lies in the table."""

    def __init__(self, seq: int, facts: dict[str, Any]) -> None:
        self.id, self.at, self.act, self.by_id, self.via = new_id(), utc_now(), "lane.paused", None, "system"
        self.about_id, self.facts, self.sealed, self.seq, self.digest = new_id(), facts, "x", seq, b""


def _chain(facts: list[dict[str, Any]]) -> list[Written]:
    digest, rows = chain.BEGINNING, []
    for seq, one in enumerate(facts, 1):
        row = Written(seq, one)
        digest = row.digest = chain.digest_of(digest, seq, row)  # type: ignore[arg-type]
        rows.append(row)
    return rows


def _found(rows: list[Written], last: Written) -> bool:
    """Whether a walk ends anywhere else than where the chain was sealed, or meets a fault."""
    walk = chain.Walk(0, chain.BEGINNING)
    for row in sorted(rows, key=lambda row: row.seq):
        walk.take(row)  # type: ignore[arg-type]
    return bool(walk.faults) or (walk.seq, walk.digest) != (last.seq, last.digest)


values = some.one_of(
    some.text(max_size=8), some.integers(-9, 9), some.booleans(), some.lists(some.text(max_size=3))
)
facts = some.lists(some.dictionaries(some.text(max_size=4), values, max_size=3), min_size=2, max_size=8)


@given(facts=facts, data=some.data())
def test_any_change_loss_or_exchange_of_entries_is_found(facts: list[dict[str, Any]], data: Any) -> None:
    rows = _chain(facts)
    last = rows[-1]
    sealed = Written(last.seq, {})
    sealed.digest = last.digest
    assert not _found(rows, sealed)
    place = some.integers(0, len(rows) - 1)
    deed = data.draw(some.sampled_from(["change", "lose", "exchange", "repeat", "rewrite"]))
    one = rows[data.draw(place)]
    if deed == "lose":
        rows.remove(one)
    elif deed == "exchange":
        other = rows[data.draw(place.filter(lambda n: rows[n] is not one))]
        one.seq, other.seq = other.seq, one.seq
    elif deed == "repeat":
        again = Written(one.seq, one.facts)
        again.digest = one.digest
        rows.append(again)
    else:
        part = data.draw(
            some.sampled_from(["id", "at", "act", "by_id", "via", "about_id", "facts", "sealed"])
        )
        other_value = {
            "id": new_id(), "at": one.at + timedelta(microseconds=1), "act": "lane.resumed", "by_id": new_id(),
            "via": "token", "about_id": None, "facts": {**one.facts, "more than four": 1}, "sealed": None,
        }  # fmt: skip
        setattr(one, part, other_value[part])
        if deed == "rewrite":  # and compute all that follows
            digest = chain.BEGINNING
            for row in rows:
                digest = row.digest = chain.digest_of(digest, row.seq, row)  # type: ignore[arg-type]
    assert _found(rows, sealed)


async def test_the_figures_tell_what_waits(house: House) -> None:
    await linked(house)
    async with house.works.open() as work:
        await accounts.audit.record(work, "lane.paused", lane="cpu")
    house.works.clock = lambda: utc_now() + timedelta(minutes=2)
    figures = (await (await house.client()).get("/metrics")).text
    assert _figure(figures, "matinee_audit_waiting") >= 1
    assert _figure(figures, "matinee_audit_lag_seconds") > 100
    assert _figure(figures, "matinee_audit_broken") == 0
    assert 'matinee_audit_entries_total{act="lane.paused"}' in figures
    assert "does a worker run?" in str((await verdict(house)).notes)


def _figure(figures: str, name: str) -> float:
    return float(figures.split(f"\n{name} ")[1].split("\n", maxsplit=1)[0])
