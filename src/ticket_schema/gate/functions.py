"""Functions whose bodies refer to what is not there.

PostgreSQL lets a column be dropped that a function reads: a body is text until it runs. Bodies in
SQL are parsed anew here; bodies in PL/pgSQL are read by the extension plpgsql_check
(https://github.com/okbob/plpgsql_check), where the server has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Broken:
    """A function that will fail when it is called.

    Args:
        function: with its schema and arguments.
        message: what is wrong.
        line: the line of its body, 0 when it is not known.
    """

    function: str
    message: str
    line: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same as one that was found before."""
        return self.function, self.message


def can_check_bodies(connection: psycopg.Connection) -> bool:
    """Returns whether the server has plpgsql_check.

    Args:
        connection: any login.
    """
    found = connection.execute(
        "SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'plpgsql_check'"
    )
    return found.rowcount > 0


def broken_functions(connection: psycopg.Connection) -> list[Broken]:
    """Returns the functions that refer to something that is not there, extensions left out.

    Args:
        connection: a superuser's, in autocommit mode; nothing stays of what is tried.
    """
    found: list[Broken] = []
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL check_function_bodies = on")
        for name, definition in connection.execute(_SQL_BODIES).fetchall():
            try:
                with connection.transaction():
                    connection.execute(definition.encode())
            except psycopg.Error as error:
                found.append(Broken(name, error.diag.message_primary or str(error)))
        if can_check_bodies(connection):
            installed = connection.execute(
                "SELECT FROM pg_catalog.pg_extension WHERE extname = 'plpgsql_check'"
            )
            if not installed.rowcount:
                connection.execute("CREATE SCHEMA gate_plpgsql_check")
                connection.execute("CREATE EXTENSION plpgsql_check SCHEMA gate_plpgsql_check")
                connection.execute(
                    "SELECT pg_catalog.set_config('search_path',"
                    " pg_catalog.current_setting('search_path') || ', gate_plpgsql_check', TRUE)"
                )
            found += [
                Broken(name, message, line or 0)
                for name, message, line in connection.execute(_PLPGSQL_BODIES)
            ]
    return found


_OWN = """
    n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
"""

_SQL_BODIES = f"""
SELECT
    pg_catalog.format(
        '%s.%s(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)
    ),
    pg_catalog.pg_get_functiondef(p.oid)
FROM pg_catalog.pg_proc AS p
INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
INNER JOIN pg_catalog.pg_language AS l ON p.prolang = l.oid
WHERE l.lanname = 'sql' AND p.prokind IN ('f', 'p') AND p.prosqlbody IS NULL AND {_OWN}
ORDER BY 1
"""

_PLPGSQL_BODIES = f"""
SELECT DISTINCT
    pg_catalog.format(
        '%s.%s(%s)', b.nspname, b.proname, pg_catalog.pg_get_function_identity_arguments(b.oid)
    ),
    c.message,
    c.lineno
FROM (
    SELECT
        p.oid,
        n.nspname,
        p.proname,
        coalesce(t.tgrelid, 0) AS relation,
        -- A function of two triggers may read OLD's table in the branch of the one that has it.
        max(t.tgoldtable) OVER (PARTITION BY p.oid) AS old_table,
        max(t.tgnewtable) OVER (PARTITION BY p.oid) AS new_table
    FROM pg_catalog.pg_proc AS p
    INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
    INNER JOIN pg_catalog.pg_language AS l ON p.prolang = l.oid
    LEFT JOIN pg_catalog.pg_trigger AS t ON p.oid = t.tgfoid AND NOT t.tgisinternal
    WHERE l.lanname = 'plpgsql' AND {_OWN}
        AND p.prorettype NOT IN ('event_trigger'::regtype)
        AND (p.prorettype <> 'trigger'::regtype OR t.oid IS NOT NULL)
) AS b
CROSS JOIN LATERAL plpgsql_check_function_tb(
    b.oid, b.relation, fatal_errors => FALSE, other_warnings => FALSE, extra_warnings => FALSE,
    oldtable => b.old_table, newtable => b.new_table
) AS c
WHERE c.level = 'error'
ORDER BY 1, 3
"""
