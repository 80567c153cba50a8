"""A container as scratch server, and what its user reads when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate.projects import Plain
from support.command import Outcome, environment, run
from support.servers import DEFAULT_IMAGE, Server

ON_15 = """
DO $$ BEGIN
    IF current_setting('server_version') NOT LIKE '15.%' THEN
        RAISE 'this is PostgreSQL %', current_setting('server_version');
    END IF;
END $$
"""
# Docker's own address is handed on, as a shell hands it on.
ENGINE = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}


@pytest.fixture
def project(tmp_path: Path) -> Plain:
    return Plain(tmp_path).sql("0001", ON_15, "CREATE SCHEMA a", downgrade="DROP SCHEMA a")


@pytest.fixture
def image(server: Server) -> str:
    if not (server.provider.startswith("container") and server.version.startswith("15.")):
        pytest.skip("no container of PostgreSQL 15")
    return os.environ.get("TICKET_SCHEMA_TEST_IMAGE", DEFAULT_IMAGE)


def gate(project: Plain, *arguments: str, **variables: str) -> Outcome:
    return run("gate", *arguments, folder=project.folder, variables={**ENGINE, **variables})


def containers() -> set[str]:
    import docker  # noqa: PLC0415 - only where there is an engine

    client = docker.from_env()
    try:
        return {one.id for one in client.containers.list(all=True)}
    finally:
        client.close()


def test_it_is_made_for_the_run_and_taken_away(project: Plain, image: str) -> None:
    before = containers()
    passed = gate(project, "--image", image, "--json")
    assert (passed.code, passed.document["passed"]) == (0, True), passed
    assert list(passed.document["stages"])[-2:] == ["server", "rehearsal"]
    assert containers() <= before


def test_the_settings_name_it_and_the_command_another(
    project: Plain, image: str, server: Server
) -> None:
    settings = project.folder / "pyproject.toml"
    settings.write_text('[tool.ticket-schema.gate]\nimage = "nowhere/postgres:0"\n')
    assert "nowhere/postgres:0" in gate(project).refusal(1)
    for named in (("--image", image), ("--url", server.url)):
        assert gate(project, *named).code == 0
    assert gate(project, "--static").code == 0


@pytest.mark.parametrize("name", ["nowhere/postgres:0", "No Image"])
def test_an_image_that_cannot_be_had_is_one_sentence(project: Plain, image: str, name: str) -> None:
    before = containers()
    said = gate(project, "--image", name).refusal(1)
    assert said.startswith(f"error: A container of {name} does not start: ")
    assert containers() <= before


def test_an_image_without_postgresql_is_one_sentence(project: Plain, image: str) -> None:
    import docker  # noqa: PLC0415 - only where there is an engine

    client = docker.from_env()
    before = containers()
    made = client.containers.create(image)
    try:
        command = 'ENTRYPOINT ["sh", "-c", "echo the tap is dry; exit 3"]'
        made.commit("ticket-schema-test/dry", "1", changes=command)
        said = gate(project, "--image", "ticket-schema-test/dry:1").refusal(1)
        assert "does not start: the tap is dry." in said or "it ends at once." in said
    finally:
        made.remove()
        client.images.remove("ticket-schema-test/dry:1", force=True)
        client.close()
    assert containers() <= before


def test_no_engine_is_one_sentence(project: Plain) -> None:
    said = gate(project, "--image", "postgres:17", DOCKER_HOST="unix:///nowhere.sock").refusal(1)
    assert said.startswith("error: No container engine answers.\nhint:  Start Docker")


def test_a_missing_library_is_one_sentence(project: Plain) -> None:
    script = (
        "import sys\nsys.modules['testcontainers'] = None\n"
        "sys.argv = ['ticket-schema', 'gate', '--image', 'postgres:17']\n"
        "from ticket_schema.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    *_, what, hint = done.stderr.splitlines()
    assert what == "error: A container as scratch server needs testcontainers."
    assert "pip install 'ticket-schema[container]'" in hint


@pytest.mark.parametrize("other", [("--static",), ("--url", "postgresql://localhost/")])
def test_it_is_named_alone(project: Plain, other: tuple[str, ...]) -> None:
    assert other[0] in gate(project, "--image", "postgres:17", *other).refusal(2)
