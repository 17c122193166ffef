"""What lies in `deploy/` and `.github/`: linted, and true about this repository. Nothing of it is run here."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from matinee.entrypoints.cli.main import build
from matinee.entrypoints.cli.settings_reference import markdown
from matinee.infra import telemetry
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
_VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?]([^}]*))?\}")


def _lint(*words: str | Path, **environment: str) -> None:
    """A linter of the virtual environment ends well."""
    program = Path(sys.executable).with_name(str(words[0]))
    assert program.exists(), f"{words[0]} is not installed: run `make check`"
    done = subprocess.run(
        [program, *words[1:]],
        cwd=ROOT, capture_output=True, text=True, timeout=60, env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_pleases_hadolint() -> None:
    _lint("hadolint", "--failure-threshold", "style", "deploy/Dockerfile")


def test_every_yaml_file_pleases_yamllint() -> None:
    _lint("yamllint", "--strict", "deploy", ".github", ".yamllint.yaml")


def test_compose_files_follow_the_specification() -> None:
    _lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *COMPOSE)


def test_workflows_follow_their_schema() -> None:
    _lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_outdated_parts_of_every_kind_are_told_of() -> None:
    path = ROOT / ".github" / "dependabot.yml"
    _lint("check-jsonschema", "--builtin-schema", "vendor.dependabot", path)
    kinds = {one["package-ecosystem"] for one in yaml.safe_load(path.read_text(encoding="utf-8"))["updates"]}
    assert kinds == {"pip", "npm", "github-actions", "docker"}


def test_workflows_please_zizmor() -> None:
    _lint("zizmor", "--offline", "--quiet", ".github")


def test_the_caddyfile_is_one(tmp_path: Path) -> None:
    homes = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    values = {"MATINEE_PUBLIC_URL": "https://films.example", "ACME_EMAIL": "you@films.example"}
    _lint("caddy", "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile", **homes, **values)
    _lint("caddy", "fmt", "--diff", "deploy/Caddyfile", **homes)


@cache
def _example() -> dict[str, tuple[str, bool]]:
    """Of each variable in the example: its value, and whether the line counts."""
    found: dict[str, tuple[str, bool]] = {}
    for line in (DEPLOY / "env.production.example").read_text().splitlines():
        match = re.fullmatch(r"(# )?([A-Z][A-Z0-9_]*)=(.*)", line)
        if match:
            assert match[2] not in found, f"{match[2]} stands twice"
            found[match[2]] = (match[3], match[1] is None)
    return found


@cache
def _reference() -> dict[str, str]:
    """Of each setting in the reference that the code makes: its default."""
    rows = re.findall(r"^\| `(MATINEE_\w+)` \| .*? \| (?:`([^`]*)`)? \| ", markdown(), re.MULTILINE)
    return dict(rows)


def test_the_example_names_every_setting_and_no_other() -> None:
    written = {name for name in _example() if name.startswith("MATINEE_")}
    assert len(_reference()) >= 40
    assert _reference().keys() - written == set()
    assert written - _reference().keys() == set()


def test_the_example_shows_what_holds_without_it() -> None:
    for name, default in _reference().items():
        value, counts = _example()[name]
        assert counts or value == default, f"{name} has another default"


def test_every_setting_of_the_example_is_explained() -> None:
    """By a comment that stands right above it, or above the group of lines in which it stands."""
    lines = (DEPLOY / "env.production.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(# )?MATINEE_\w+=", line):
            above = number - 1
            while re.match(r"(# )?[A-Z][A-Z0-9_]*=", lines[above]):
                above -= 1
            assert re.match(r"# \w", lines[above]), f"nothing explains {line}"


@cache
def _compose(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def _services() -> list[tuple[str, str, dict[str, Any]]]:
    """(file, name, service) of every file that stands alone."""
    return [
        (path.name, name, service)
        for path in COMPOSE
        if path.name != "compose.near.yaml"
        for name, service in _compose(path)["services"].items()
    ]


@pytest.mark.parametrize(
    "service", [pytest.param(service, id=f"{file}-{name}") for file, name, service in _services()]
)
def test_a_service_is_guarded(service: dict[str, Any]) -> None:
    uid, _, gid = service["user"].partition(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] in ("unless-stopped", "no")
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert not service.get("privileged")


def test_only_the_proxy_is_published() -> None:
    published = {name for file, name, service in _services() if file == "compose.yaml" and "ports" in service}
    assert published == {"proxy"}
    assert _compose(DEPLOY / "compose.yaml")["networks"]["inside"]["internal"] is True


def test_only_what_fetches_and_writes_letters_has_a_way_out() -> None:
    compose = _compose(DEPLOY / "compose.yaml")
    outside = {name for name, network in compose["networks"].items() if not (network or {}).get("internal")}
    with_a_way = {name for name, service in compose["services"].items() if outside & {*service["networks"]}}
    assert with_a_way == {"proxy", "api", "worker-io"}
    assert "io" in compose["services"]["worker-io"]["command"]


def test_the_api_believes_the_address_that_the_proxy_has() -> None:
    services = _compose(DEPLOY / "compose.yaml")["services"]
    address = services["proxy"]["networks"]["front"]["ipv4_address"]
    assert services["api"]["environment"]["MATINEE_TRUSTED_PROXIES"] == address


def test_alerts_ask_for_figures_that_the_house_has() -> None:
    known: dict[str, set[str]] = {}
    for family in telemetry.REGISTRY._collector_to_names:
        names = getattr(family, "_labelnames", ())
        known |= {key: set(names) for key in telemetry.REGISTRY._collector_to_names[family]}
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert rule["annotations"]["summary"].endswith("."), rule
        asked = re.findall(r"(matinee_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert asked, rule
        for name, labels in asked:
            assert set(re.findall(r"(\w+)=", labels)) <= known[name], (rule["alert"], name)
        by = re.findall(r"by \((\w+)\)", rule["expr"]) + re.findall(
            r"\$labels\.(\w+)", rule["annotations"]["summary"]
        )
        assert set(by) <= known[asked[0][0]], rule


def test_every_image_has_a_tag_that_stays() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    bases = re.findall(r"^FROM (?:--platform=\S+ )?(\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    stages = set(re.findall(r" AS (\w+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    images = [base for base in bases if base not in stages]
    for _, _, service in _services():
        image = _VARIABLE.sub(lambda match: match[2] or "", service["image"])
        images.append(image)
        if image.startswith("matinee/"):
            target = service["build"]["target"]
            assert image == f"matinee/{target}:{version}"
            assert target in stages
    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", image), image
    assert f"ARG VERSION={version}\n" in (DEPLOY / "Dockerfile").read_text()
    assert _example()["VERSION"] == (version, False)


def test_every_variable_of_compose_stands_in_the_example() -> None:
    for path in COMPOSE:
        for name, _ in _VARIABLE.findall(path.read_text()):
            assert name in _example(), f"{path.name} asks for {name}"


def _copied() -> list[str]:
    """What the Dockerfile copies out of the repository."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    found = []
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        words = shlex.split(line)
        if not words[0].startswith("--from"):
            found += words[:-1]
    return found


def test_the_dockerfile_copies_only_what_the_repository_holds() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for path in _copied():
        assert any(name == path or name.startswith(f"{path}/") for name in tracked), path


def test_a_build_sees_what_is_copied_and_no_secret() -> None:
    words = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    words = [word for word in words if word and not word.startswith("#")]
    assert words[0] == "*"
    let_in = [word[1:] for word in words if word.startswith("!")]
    assert not {".env", ".data", "deploy", ".git", ".", "*"} & set(let_in)
    for path in _copied():
        assert any(path == name or path.startswith(f"{name}/") for name in let_in), path


def test_no_last_stage_runs_as_root() -> None:
    stages = re.split(r"^FROM ", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    users: dict[str, str | None] = {}
    for stage in stages:
        base, name = re.match(r"(?:--platform=\S+ )?(\S+) AS (\w+)", stage).groups()  # type: ignore[union-attr]
        own = re.findall(r"^USER (\S+)$", stage, re.MULTILINE)
        users[name] = own[-1] if own else users.get(base)
    assert {name: users[name] for name in ("api", "worker", "proxy")} == dict.fromkeys(
        ("api", "worker", "proxy"), "10001:10001"
    )


def _commands() -> list[list[str]]:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    run = [yaml.safe_load(words) for words in re.findall(r"^\s*CMD (\[.+\])$", dockerfile, re.MULTILINE)]
    run += [service["command"] for _, _, service in _services() if "command" in service]
    # Of the README and the workflows: whatever follows `matinee` in a line of a command.
    told = [
        *re.findall(r"(?:api|-- ?|run --rm \w+) (matinee [a-z-]+(?: [a-z-]+)?)", _words()),
        "matinee settings",
    ]
    return [words for words in [*run, *map(shlex.split, told)] if words[0] == "matinee"]


def _words() -> str:
    return (DEPLOY / "README.md").read_text()


def test_every_command_exists() -> None:
    command = typer.main.get_command(build())
    assert len(_commands()) >= 6
    for words in _commands():
        present: Any = command
        for word in words[1:]:
            if word.startswith("-") or not hasattr(present, "commands"):
                break
            assert word in present.commands, " ".join(words)
            present = present.commands[word]
        options = {name for parameter in present.params for name in parameter.opts}
        assert {word for word in words[1:] if word.startswith("--")} <= options, " ".join(words)


def test_what_the_readme_names_exists() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", _words()):
        assert (DEPLOY / name).exists(), name
    for name in re.findall(r"-f (compose[\w.]+)", _words()):
        assert (DEPLOY / name).exists(), name


def test_workflows_run_tasks_of_the_makefile_under_least_rights() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for path in WORKFLOWS:
        text = path.read_text()
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] in ({}, {"contents": "read"})
        assert "concurrency" in workflow
        for task in re.findall(r"- run: make (\S+)", text):
            assert re.search(rf"^{task}:", makefile, re.MULTILINE), task
        for action in re.findall(r"uses: (\S+)", text):
            assert re.fullmatch(r"(?:actions|docker)/[\w-]+@v\d+", action), action
