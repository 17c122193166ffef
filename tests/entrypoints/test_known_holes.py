"""What is told of the answers of services that know of holes in packages, and of services that do not answer."""

import json
import sys

import pytest

import known_holes


def saying(words: object) -> list[str]:
    """A program that prints this."""
    return [sys.executable, "-c", f"print({json.dumps(words)!r})"]


def of(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", "vulns": [], **more}


def test_a_hole_is_told_with_what_mends_it() -> None:
    holes = [{"id": "PYSEC-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2", "fix_versions": []}]
    found = known_holes.in_python(saying({"dependencies": [of("good"), of("bad", vulns=holes)]}))
    assert found == ["bad 1.0: PYSEC-1, mended in 1.1", "bad 1.0: PYSEC-2, mended in no version yet"]
    found = known_holes.in_web(saying({"vulnerabilities": {"bad": {"range": "<1.1", "severity": "high"}}}))
    assert found == ["bad <1.1: high"]


def test_a_list_without_holes_is_an_answer() -> None:
    packages = [of("good"), of("better"), {"name": "own", "skip_reason": "not found"}]
    assert known_holes.in_python(saying({"dependencies": packages})) == []
    assert known_holes.in_web(saying({"vulnerabilities": {}})) == []


@pytest.mark.parametrize(
    "said", ["no list", {"message": "405"}, {"dependencies": [{"name": "one", "skip_reason": "not found"}]}]
)
def test_what_names_no_packages_is_no_answer(said: object) -> None:
    for look in (known_holes.in_python, known_holes.in_web):
        with pytest.raises(known_holes.NoAnswer):
            look(saying(said))


def test_a_service_that_stays_silent_is_not_waited_for() -> None:
    with pytest.raises(known_holes.NoAnswer, match="nothing was said within"):
        known_holes.in_web([sys.executable, "-c", "import time; time.sleep(60)"], patience_s=0.2)


@pytest.mark.parametrize(
    ("strict", "holes", "ends"), [(False, False, 0), (True, False, 1), (False, True, 1), (True, True, 1)]
)
def test_silence_fails_where_it_was_asked_for_and_a_hole_always(
    strict: bool, holes: bool, ends: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(_: object) -> list[str]:
        raise known_holes.NoAnswer("nobody is there")

    monkeypatch.setenv("MATINEE_AUDIT", "strict" if strict else "")
    monkeypatch.setattr(known_holes, "in_python", silent)
    monkeypatch.setattr(known_holes, "in_web", lambda _: ["bad <1: high"] if holes else [])
    assert known_holes.main() == ends
    told = capsys.readouterr().out
    assert "requirements/dev.txt: not looked at, since the service did not answer (nobody is there)." in told
    assert ("  bad <1: high" in told) is holes
