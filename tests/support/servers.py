"""The three ways to get a PostgreSQL server, behind one interface.

`TICKET_SCHEMA_TEST_PROVIDER` chooses: `container` (testcontainers; image from
`TICKET_SCHEMA_TEST_IMAGE`), `embedded`, or `url` (a superuser's `TICKET_SCHEMA_TEST_URL`). Unset
means a container where a Docker engine answers and has the image or can pull it, else embedded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

DEFAULT_IMAGE = "postgres:15"


@dataclass(frozen=True)
class Server:
    """A running server.

    Args:
        url: connection string of a superuser, to any database.
        provider: how it was made, for the header.
        version: such as "15.20".
        stop: ends it.
    """

    url: str
    provider: str
    version: str
    stop: Callable[[], None]

    def conninfo(self, **changes: str) -> str:
        """Returns the superuser's connection string with some parameters changed."""
        parameters = {**conninfo_to_dict(self.url), **changes}
        return make_conninfo("", **parameters)


def start() -> Server:
    """Returns a server as the environment asks for it."""
    provider = os.environ.get("TICKET_SCHEMA_TEST_PROVIDER")
    if provider == "container":
        return _container()
    if provider == "embedded":
        return _embedded()
    if provider == "url":
        return _server(os.environ["TICKET_SCHEMA_TEST_URL"], "url", lambda: None)
    if provider:
        msg = f"TICKET_SCHEMA_TEST_PROVIDER is {provider!r}, not container, embedded or url"
        raise ValueError(msg)
    return _container() if _image_at_hand() else _embedded()


def _image() -> str:
    return os.environ.get("TICKET_SCHEMA_TEST_IMAGE", DEFAULT_IMAGE)


def _image_at_hand() -> bool:
    import docker  # noqa: PLC0415 - comes with testcontainers, only needed here

    try:
        client = docker.from_env(timeout=10)
    except docker.errors.DockerException:
        return False
    try:
        client.images.get(_image())
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(_image())
        except docker.errors.APIError:
            return False
    finally:
        client.close()
    return True


def _container() -> Server:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415

    container = PostgresContainer(_image(), driver=None).with_command(
        "postgres -c fsync=off -c max_connections=200"
    )
    container.start()
    return _server(container.get_connection_url(), f"container {_image()}", container.stop)


def _embedded() -> Server:
    from ticket_schema import embedded  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="ticket-schema-test-"))
    server = embedded.start(folder / "pg")

    def stop() -> None:
        embedded.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return _server(server.url("postgres"), "embedded", stop)


def _server(url: str, provider: str, stop: Callable[[], None]) -> Server:
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return Server(url, provider, str(row[0]).split()[0], stop)
