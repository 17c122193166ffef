"""One linear history that goes up from nothing, down and up again, and ends where the models are."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from matinee.entrypoints.cli.prepare import newest_revision, revision_of
from tests.architecture.sources import ROOT


@pytest.fixture
def config(empty_database_url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = empty_database_url
    return config


@pytest.fixture
def engine(empty_database_url: str):  # type: ignore[no-untyped-def]
    engine = create_engine(empty_database_url)
    yield engine
    engine.dispose()


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_history_is_one_line() -> None:
    script = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    assert len(script.get_heads()) == 1
    revisions = [step.revision for step in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert newest_revision() == script.get_current_head()
    names = sorted(path.name for path in Path(script.versions).glob("[0-9]*.py"))
    assert [name.split("_")[0] for name in names] == sorted(revisions)


def test_a_database_goes_up_from_nothing_and_down_to_nothing(config: Config, engine: Engine) -> None:
    url = config.attributes["url"]
    assert revision_of(url) is None
    command.upgrade(config, "head")
    assert revision_of(url) == newest_revision()
    assert _tables(engine)
    command.downgrade(config, "base")
    assert _tables(engine) == set()
    with engine.connect() as connection:
        left = connection.execute(
            text(
                "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
                " UNION ALL SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
                " WHERE nspname = 'public' AND typtype = 'e'"
            )
        ).scalars()
        assert sorted(left) == []
    command.upgrade(config, "head")


def test_every_step_can_be_taken_back_and_taken_again_with_the_data_of_the_others(
    config: Config, engine: Engine
) -> None:
    steps = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    command.upgrade(config, steps[0])
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO infra_tally_cursor (listener, kind) VALUES ('kept', 'x')"))
    for step in steps[1:]:
        before = _tables(engine)
        command.upgrade(config, step)
        command.downgrade(config, "-1")
        assert _tables(engine) == before, step
        command.upgrade(config, step)
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM infra_tally_cursor WHERE listener = 'kept'")
            assert connection.execute(query).scalar() == 1


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_the_models_are_what_the_migrations_make(config: Config) -> None:
    command.upgrade(config, "head")
    command.check(config)


def test_sessions_of_before_end_cleanly_and_their_accounts_stay(config: Config, engine: Engine) -> None:
    command.upgrade(config, "0006")
    account = "01890000-0000-7000-8000-000000000001"
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts_account (id, email, password_hash, roles, created_at)"
                " VALUES (:id, 'ann@example.org', 'x', '{viewer}', now())"
            ),
            {"id": account},
        )
        connection.execute(
            text(
                "INSERT INTO accounts_session (id, account_id, secret_hash, created_at, seen_at, expires_at)"
                " VALUES (:id, :id, 'x', now(), now(), now() + interval '1 day')"
            ),
            {"id": account},
        )
    for step, revision in ((command.upgrade, "0008"), (command.downgrade, "0007")):
        step(config, revision)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM accounts_session")).scalar() == 0
            assert (
                connection.execute(text("SELECT email FROM accounts_account")).scalar() == "ann@example.org"
            )


def test_suspended_accounts_stay_out_when_restrictions_come_and_go(config: Config, engine: Engine) -> None:
    command.upgrade(config, "0016")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts_account (id, email, password_hash, roles, created_at, suspended_at)"
                " SELECT gen_random_uuid(), name || '@example.org', 'x', '{viewer}', now(),"
                " CASE name WHEN 'ann' THEN now() - interval '1 day' END FROM unnest(ARRAY['ann', 'bob']) AS name"
            )
        )
    command.upgrade(config, "0017")
    with engine.begin() as connection:
        held = text(
            "SELECT email FROM accounts_restriction JOIN accounts_account a ON a.id = account_id"
            " WHERE kind = 'suspended' AND until IS NULL AND lifted_at IS NULL AND since < now()"
        )
        assert connection.execute(held).scalars().all() == ["ann@example.org"]
        connection.execute(
            text(
                "INSERT INTO accounts_restriction (id, account_id, kind, reason, since, until)"
                " SELECT gen_random_uuid(), id, 'suspended', 'x', now() - interval '2 days', now() - interval '1 day'"
                " FROM accounts_account WHERE email LIKE 'bob%'"
            )
        )
        connection.execute(
            text(
                "INSERT INTO accounts_notice (id, account_id, kind, device, place, at)"
                " SELECT gen_random_uuid(), id, kind, '', '', now() FROM accounts_account,"
                " unnest(ARRAY['new_place', 'looked_at', 'factor_added']) AS kind WHERE email LIKE 'bob%'"
            )
        )
    command.downgrade(config, "0016")
    with engine.connect() as connection:
        out = text("SELECT email FROM accounts_account WHERE suspended_at IS NOT NULL")
        assert connection.execute(out).scalars().all() == ["ann@example.org"]
        assert connection.execute(text("SELECT kind FROM accounts_notice")).scalars().all() == [
            "factor_added"
        ]


def test_who_was_not_let_in_stays_out_when_the_doors_go(config: Config, engine: Engine) -> None:
    command.upgrade(config, "0016")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts_account (id, email, password_hash, roles, created_at, waits)"
                " SELECT gen_random_uuid(), name || '@example.org', 'x', '{viewer}', now(), name = 'ann'"
                " FROM unnest(ARRAY['ann', 'bob']) AS name"
            )
        )
    command.downgrade(config, "0015")
    with engine.connect() as connection:
        out = text("SELECT email FROM accounts_account WHERE suspended_at IS NOT NULL")
        assert connection.execute(out).scalars().all() == ["ann@example.org"]


def test_sessions_stay_when_second_factors_come_and_go(config: Config, engine: Engine) -> None:
    command.upgrade(config, "0008")
    values = {"id": "01890000-0000-7000-8000-000000000001"}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts_account (id, email, password_hash, roles, created_at)"
                " VALUES (:id, 'ann@example.org', 'x', '{viewer}', now())"
            ),
            values,
        )
        connection.execute(
            text(
                "INSERT INTO accounts_session (id, account_id, key, refresh_hash, device, place, created_at,"
                " refreshed_at, expires_at) VALUES (:id, :id, 'x', 'x', '', '', now() - interval '1 hour', now(),"
                " now() + interval '1 day')"
            ),
            values,
        )
    command.upgrade(config, "0009")
    with engine.connect() as connection:
        proven = "SELECT proven_at = created_at FROM accounts_session"
        assert connection.execute(text(proven)).scalar_one() is True
    command.downgrade(config, "0008")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM accounts_session")).scalar_one() == 1


def test_a_service_stays_when_every_account_must_have_an_address(config: Config, engine: Engine) -> None:
    command.upgrade(config, "0018")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts_account (id, kind, roles, created_at, login_name)"
                " VALUES ('01890000-0000-7000-8000-000000000001', 'service', '{creator}', now(), 'robot')"
            )
        )
    command.downgrade(config, "0017")
    with engine.connect() as connection:
        email = connection.execute(text("SELECT email FROM accounts_account")).scalar_one()
        assert email.endswith("@service.invalid")
    command.upgrade(config, "0018")
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT kind, email, login_name FROM accounts_account")).one()
        assert tuple(kept) == ("service", None, "robot")


def test_the_oldest_administrator_becomes_an_owner_and_back_without_losing_anything(
    config: Config, engine: Engine
) -> None:
    command.upgrade(config, "0014")
    people = {
        "shut": "{admin}", "first": "{admin,creator}", "second": "{admin}", "ann": "{viewer,creator}",
    }  # fmt: skip
    with engine.begin() as connection:
        for number, (name, roles) in enumerate(people.items()):
            connection.execute(
                text(
                    "INSERT INTO accounts_account (id, email, password_hash, roles, created_at, suspended_at) VALUES"
                    " (gen_random_uuid(), CAST(:name AS text), 'x', CAST(:roles AS varchar[]),"
                    " now() + :number * interval '1 hour', CASE WHEN CAST(:name AS text) = 'shut' THEN now() END)"
                ),
                {"name": name, "roles": roles, "number": number},
            )
    command.upgrade(config, "0015")
    assert _roles(engine) == people | {"first": "{owner,admin,creator}"}
    later = {"second": "{owner,helper}", "ann": "{creator,helper,advertiser}", "shut": "{helper}"}
    with engine.begin() as connection:
        for name, roles in later.items():
            change = "UPDATE accounts_account SET roles = CAST(:roles AS varchar[]) WHERE email = :name"
            connection.execute(text(change), {"name": name, "roles": roles})
    command.downgrade(config, "0014")
    back = {"first": "{admin,creator}", "second": "{admin}", "ann": "{creator}", "shut": "{viewer}"}
    assert _roles(engine) == back


def _roles(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT email, CAST(roles AS text) FROM accounts_account"))
        return {row.email: row.roles for row in rows}
