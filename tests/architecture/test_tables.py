"""Tables belong to rooms, and point only sideways inside a room or down."""

from matinee.entrypoints import product
from matinee.infra.db import Base

INFRA = "infra"


def _room_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if parts[1] == "features" else parts[1]


def _owners() -> dict[str, str]:
    """Table → room of the class that maps it."""
    return {
        mapper.local_table.name: _room_of(mapper.class_.__module__)  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
    }


def test_every_table_is_mapped_by_a_class_of_one_room() -> None:
    assert set(Base.metadata.tables) == set(_owners())


def test_the_name_of_a_table_starts_with_its_room() -> None:
    wrong = {table: room for table, room in _owners().items() if not table.startswith(f"{room}_")}
    assert wrong == {}


def test_foreign_keys_point_to_the_same_room_or_down() -> None:
    rows = {room.name: number for number, room in enumerate(product.ROOMS)} | {INFRA: len(product.ROOMS)}
    owners = _owners()
    wrong = [
        f"{name}.{key.parent.name} → {key.column.table.name}"
        for name, table in Base.metadata.tables.items()
        for key in table.foreign_keys
        if owners[name] != owners[key.column.table.name]
        and rows[owners[name]] >= rows[owners[key.column.table.name]]
    ]
    assert wrong == []


def test_every_foreign_key_has_an_index_on_its_own_side() -> None:
    """Without one, deleting the row it points to reads the whole table."""
    bare = []
    for name, table in Base.metadata.tables.items():
        leading = {next(iter(index.columns)).name for index in table.indexes if len(index.columns)}
        leading |= {next(iter(c.columns)).name for c in table.constraints if _is_unique(c) and len(c.columns)}  # type: ignore[attr-defined]
        bare += [f"{name}.{key.parent.name}" for key in table.foreign_keys if key.parent.name not in leading]
    assert bare == []


def _is_unique(constraint: object) -> bool:
    return type(constraint).__name__ in ("PrimaryKeyConstraint", "UniqueConstraint")


def test_moments_carry_their_zone() -> None:
    from sqlalchemy import DateTime

    naive = [
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items()
        for column in table.columns
        if isinstance(column.type, DateTime) and not column.type.timezone
    ]
    assert naive == []
