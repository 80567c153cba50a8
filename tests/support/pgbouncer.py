"""A real PgBouncer in front of the test server.

It must know prepared statements in transaction mode, so 1.21 at least; `.ci/install-pgbouncer` puts
one on any Debian.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from .databases import LOGINS, MIGRATOR, PASSWORD
from .servers import Server

ADMIN = "ts_test_console"
_OLDEST = (1, 21)
_SECONDS = 10.0
_MEND = "install 1.21 or later; on Debian .ci/install-pgbouncer does"


@dataclass(frozen=True)
class PgBouncer:
    """A running PgBouncer.

    Args:
        server: what it stands before.
        port: where it listens on 127.0.0.1.
        folder: its configuration and log.
    """

    server: Server
    port: int
    folder: Path

    def url(self, database: str, login: str) -> str:
        """Returns the connection string of a login to a database of the server."""
        return make_conninfo(
            "", host="127.0.0.1", port=self.port, dbname=database, user=login, password=PASSWORD
        )

    def connect(self, database: str, login: str) -> psycopg.Connection:
        """Returns a connection of a login in autocommit mode."""
        return psycopg.connect(self.url(database, login), autocommit=True)

    def show(self, what: str) -> list[dict[str, object]]:
        """Returns what the console shows, such as "SERVERS" or "POOLS"."""
        # The console knows the simple protocol alone.
        with (
            psycopg.connect(
                self.url("pgbouncer", ADMIN),
                autocommit=True,
                cursor_factory=psycopg.ClientCursor,
            ) as console,
            console.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(f"SHOW {what}".encode()).fetchall()


@contextmanager
def pgbouncer(
    server: Server,
    *,
    pool_mode: str = "transaction",
    pool_size: int = 3,
    prepared_statements: int = 100,
    settings: Mapping[str, str] | None = None,
) -> Iterator[PgBouncer]:
    """Runs a PgBouncer until the block ends.

    Args:
        server: a server with the test logins.
        pool_mode: transaction, session or statement.
        pool_size: server connections for one login to one database.
        prepared_statements: how many of the protocol's prepared statements it keeps alive on a
            server connection; with 0 it knows none.
        settings: further ones of the section [pgbouncer].
    """
    behind = conninfo_to_dict(server.url)
    host, port = str(behind.get("host", "")), str(behind.get("port", "5432"))
    folder = Path(tempfile.mkdtemp(prefix="ticket-schema-pgbouncer-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listening = int(free.getsockname()[1])
    passwords = dict.fromkeys([MIGRATOR, ADMIN, *LOGINS], PASSWORD)
    (folder / "users.txt").write_text(
        "".join(f'"{login}" "{password}"\n' for login, password in passwords.items())
    )
    chosen = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(listening),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": str(folder / "users.txt"),
        "admin_users": ADMIN,
        "pool_mode": pool_mode,
        "default_pool_size": str(pool_size),
        "max_prepared_statements": str(prepared_statements),
        "max_client_conn": "500",
        "logfile": str(folder / "log"),
        **(settings or {}),
    }
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={host} port={port}\n\n[pgbouncer]\n"
        + "".join(f"{name} = {value}\n" for name, value in chosen.items())
    )
    user = _runs_as(Path(host) if host.startswith("/") else None)
    if user is not None:
        for place in (folder, *folder.iterdir()):
            os.chown(place, user.pw_uid, user.pw_gid)
    process = subprocess.Popen(
        [_program(), str(folder / "pgbouncer.ini")],
        stderr=subprocess.DEVNULL,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    )
    try:
        _wait(process, listening, folder / "log")
        yield PgBouncer(server, listening, folder)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


@cache
def _program() -> str:
    """Returns the program; without it the test is skipped, and fails where changes are checked."""
    # Debian puts it where only root looks.
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(f"this machine has no pgbouncer; {_MEND}")
    said = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    if version is None or tuple(map(int, version.groups())) < _OLDEST:
        pytest.fail(f"{said.splitlines()[0]} is too old; {_MEND}", pytrace=False)
    return found


def _runs_as(socket_folder: Path | None) -> pwd.struct_passwd | None:
    """Returns the user it runs as, None for our own: it refuses root.

    Args:
        socket_folder: where the server listens; only the server's own user may use the socket.
    """
    if os.geteuid() != 0:
        return None
    if socket_folder is None:
        return pwd.getpwnam("nobody")
    owners = {file.stat().st_uid for file in socket_folder.glob(".s.PGSQL.*") if file.is_socket()}
    return pwd.getpwuid(owners.pop())


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    said = log.read_text(encoding="utf-8") if log.exists() else ""
    msg = f"pgbouncer did not start ({process.poll()}):\n{said}"
    raise RuntimeError(msg)
