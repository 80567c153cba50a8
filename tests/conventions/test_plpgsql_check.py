"""plpgsql_check finds nothing: no error, no warning, no remark on performance.

It reads each body against the tables as they are at head, each trigger function once for every
trigger that calls it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import signed
from support.databases import Database
from support.session import Session

from .allowed import ATTACHED_ELSEWHERE

AVAILABLE = "SELECT 1 FROM pg_available_extensions WHERE name = 'plpgsql_check'"
FINDINGS = """
    WITH body AS (
        SELECT
            f.oid,
            f.proname,
            t.tgname,
            coalesce(t.tgrelid, 0) AS relation,
            -- A function of two triggers may read OLD's table in the branch of the one that has it.
            max(t.tgoldtable) OVER (PARTITION BY f.oid) AS old_table,
            max(t.tgnewtable) OVER (PARTITION BY f.oid) AS new_table
        FROM pg_proc AS f
        LEFT JOIN pg_trigger AS t ON f.oid = t.tgfoid
        INNER JOIN pg_language AS l ON f.prolang = l.oid
        WHERE
            f.pronamespace = 'ticketing'::regnamespace
            AND l.lanname = 'plpgsql'
            AND (f.prorettype <> 'trigger'::regtype OR t.oid IS NOT NULL)
    )
    SELECT
        b.proname AS function, b.tgname AS trigger, c.lineno, c.statement, c.level, c.message,
        c.detail, c.hint
    FROM body AS b
    CROSS JOIN LATERAL plpgsql_check_function_tb(
        b.oid,
        b.relation,
        fatal_errors => FALSE,
        other_warnings => TRUE,
        extra_warnings => TRUE,
        performance_warnings => TRUE,
        security_warnings => TRUE,
        compatibility_warnings => TRUE,
        oldtable => b.old_table,
        newtable => b.new_table
    ) AS c
"""


@pytest.fixture(params=["plain", "signed"])
def checked(request: pytest.FixtureRequest, clone: Database) -> Iterator[Session]:
    if request.param == "signed":
        signed.harden(clone)
    with clone.connect() as connection:
        if connection.execute(AVAILABLE).fetchone() is None:
            pytest.skip("this server has no plpgsql_check; the container image of CI has")
        connection.execute("CREATE EXTENSION plpgsql_check")
        yield Session(connection)


def test_it_finds_nothing(checked: Session) -> None:
    found = [" | ".join(map(str, row.values())) for row in checked.all(FINDINGS)]
    assert not found, "\n".join(found)


def test_it_would_find_something(checked: Session) -> None:
    """A body that reads a column that is not there, as one would after a column was dropped."""
    checked.run(
        """
        CREATE FUNCTION ticketing.broken() RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE v_unused integer;
        BEGIN
            RETURN (SELECT t.no_such_column FROM ticketing.tickets AS t LIMIT 1);
        END;
        $$
        """
    )
    assert {row["function"] for row in checked.all(FINDINGS)} == {"broken"}


def test_every_trigger_function_is_called_by_a_trigger(db: Session) -> None:
    """What no trigger calls would be checked for no table."""
    idle = db.all(
        """
        SELECT f.proname FROM pg_proc AS f
        WHERE
            f.pronamespace = 'ticketing'::regnamespace
            AND f.prorettype = 'trigger'::regtype
            AND NOT EXISTS (SELECT 1 FROM pg_trigger AS t WHERE t.tgfoid = f.oid)
        """
    )
    assert {row["proname"] for row in idle} == set(ATTACHED_ELSEWHERE)
