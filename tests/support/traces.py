"""Everything that a house keeps, as text: each value of each table, and each file with its name."""

from sqlalchemy import text

from tests.support.house import House


async def every_value(house: House) -> list[tuple[str, str]]:
    """(table, one row as text with binary columns in hex and as characters), for every row of every table."""
    found: list[tuple[str, str]] = []
    async with house.works.open() as work:
        tables = await work.session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        )
        for table in tables.all():
            rows = await work.session.execute(text(f'SELECT * FROM "{table}"'))
            for row in rows:
                cells = [
                    bytes(cell).decode("latin-1") if isinstance(cell, (bytes, memoryview)) else str(cell)
                    for cell in row
                ]
                found.append((table, "\n".join(cells)))
    return found


def every_file(house: House) -> list[tuple[str, bytes]]:
    """(path below the data folder, bytes) of every file that the house keeps."""
    root = house.settings.house.data_dir
    return [
        (path.relative_to(root).as_posix(), path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]
