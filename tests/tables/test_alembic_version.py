"""alembic_version: services read the revision, only the migrator writes it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

ROLES = ["ticketing_app", "ticketing_worker", "ticketing_readonly"]


@pytest.mark.parametrize("role", ROLES)
def test_every_service_reads_the_one_revision_without_a_tenant(db: Session, role: str) -> None:
    with db.acting(role):
        revision = db.value("SELECT version_num FROM ticketing.alembic_version")
    assert len(revision) == 4
    assert revision.isdigit()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.alembic_version (version_num) VALUES ('9999')",
        "UPDATE ticketing.alembic_version SET version_num = '9999'",
        "DELETE FROM ticketing.alembic_version",
        "TRUNCATE ticketing.alembic_version",
    ],
)
def test_no_service_writes_the_revision(db: Session, role: str, statement: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.run(statement)


def test_a_login_without_a_group_cannot_read_the_revision(db: Session, as_nobody: Acting) -> None:
    with as_nobody(), db.refused("42501"):
        db.all("SELECT version_num FROM ticketing.alembic_version")
