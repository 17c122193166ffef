"""What commands list: whole lines for programs, nothing cut for people, and no markup in what people wrote."""

import pytest
from rich.table import Table

from matinee.infra.terminal import say_table

WORDS = "[red]" + "word " * 60 + ":tada:"


def test_what_is_listed_into_a_pipe_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("job", "about", "queued", box=None, pad_edge=False)
    table.add_row("1", WORDS, "3 h ago")
    say_table(table)
    _, row = capsys.readouterr().out.splitlines()
    assert WORDS in row
    assert row.rstrip().endswith("3 h ago")
