"""Every body compiles with the checks of PL/pgSQL turned into errors."""

from __future__ import annotations

from support.databases import Database, migrate


def test_no_body_shadows_a_variable_or_ignores_rows(empty: Database) -> None:
    with empty.connect() as connection:
        connection.execute(f"ALTER DATABASE {empty.name} SET plpgsql.extra_errors = 'all'")
    migrate(empty)
