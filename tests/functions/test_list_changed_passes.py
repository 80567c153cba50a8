"""list_changed_passes: what a device has to fetch, with nothing left out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.passes import TOKEN, TYPE, bring, claim, produce
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LIST = "SELECT * FROM ticketing.list_changed_passes(%s, %s)"
SINCE = "SELECT * FROM ticketing.list_changed_passes(%s, %s, %s)"
CHANGE = b"UPDATE ticketing.ticket_passes SET pass_version = pass_version + 1 WHERE id = %s"
CLAIM = b"SELECT claim_number, pass_version FROM ticketing.claim_ticket_passes('w1')"
MARK = b"SELECT ticketing.mark_ticket_pass_produced(%s, %s, %s)"


def on_device(db: Session, make: Make, tenant: UUID, device: str = "d1") -> Row:
    """Returns a new pass that was sent and is on a device."""
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sent")
    make.row("pass_device_registrations", tenant, pass_id=row["id"], device_library_id=device)
    return row


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_a_device_is_told_its_passes_in_order(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    rows = [on_device(db, make, tenant) for _ in range(3)]
    on_device(db, make, tenant, "d2")
    with db.acting(role, tenant=tenant):
        found = db.one(LIST, "d1", TYPE)
    assert found["serial_numbers"] == sorted(row["serial_number"] for row in rows)


def test_what_there_is_nothing_of_is_no_row(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    on_device(db, make, tenant)
    with as_tenant(tenant):
        for device, kind in (("d2", TYPE), ("d1", "x"), (None, TYPE), ("d1", None)):
            assert db.all(LIST, device, kind) == []
    with as_tenant(other_tenant):
        assert db.all(LIST, "d1", TYPE) == []
    # Where no policy binds the caller, too.
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(other_tenant))
    assert db.all(LIST, "d1", TYPE) == []


@pytest.mark.parametrize(
    "tag", [None, "", "x", "1", "-1-1", "1-1-1", "1.5-1", "9" * 19 + "-1", "1-" + "9" * 19, "0-0"]
)
def test_a_tag_that_is_not_ours_means_everything(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, tag: str | None
) -> None:
    row = on_device(db, make, tenant)
    with as_tenant(tenant):
        assert db.one(SINCE, "d1", TYPE, tag)["serial_numbers"] == [row["serial_number"]]


def asked(connection: psycopg.Connection, tag: str | None) -> tuple[list[str], str | None]:
    """Returns what a device is told, and the tag that it keeps."""
    row = connection.execute(SINCE.encode(), ["d1", TYPE, tag]).fetchone()
    return (row[0], row[1]) if row else ([], tag)


class Phone:
    """Two passes on a device, in a database of their own, and whoever changes them."""

    def __init__(self, target: Database) -> None:
        self.target = target
        with psycopg.connect(target.superuser_url) as connection:
            db = Session(connection)
            make = Make(db)
            self.tenant = make.tenant()
            self.rows = [on_device(db, make, self.tenant) for _ in range(2)]
        self.serials = [row["serial_number"] for row in self.rows]

    def service(self) -> psycopg.Connection:
        connection = self.target.connect("ts_test_app")
        connection.execute(
            "SELECT set_config('app.current_tenant_id', %s, FALSE)", [str(self.tenant)]
        )
        return connection

    def rebuild(self, connection: psycopg.Connection, which: int) -> None:
        """Changes a pass and builds it anew."""
        connection.execute(CHANGE, [self.rows[which]["id"]])
        number, version = connection.execute(CLAIM).fetchall()[0]
        connection.execute(MARK, [self.rows[which]["id"], number, version])


def test_only_what_was_built_since_is_named(clone: Database) -> None:
    phone = Phone(clone)
    with phone.service() as service:
        first, tag = asked(service, None)
        assert first == sorted(phone.serials)
        assert asked(service, tag) == ([], tag)
        service.execute(CHANGE, [phone.rows[1]["id"]])
        assert asked(service, tag) == ([], tag)
        number, version = service.execute(CLAIM).fetchall()[0]
        service.execute(MARK, [phone.rows[1]["id"], number, version])
        named, later = asked(service, tag)
        assert named == [phone.serials[1]]
        assert later != tag
        assert asked(service, later) == ([], later)


def test_what_was_not_yet_committed_when_the_device_asked_is_named_next_time(
    clone: Database,
) -> None:
    """Built first, committed last: a mark by the clock would have passed it by."""
    phone = Phone(clone)
    with phone.service() as slow, phone.service() as quick, phone.service() as asking:
        _, tag = asked(asking, None)
        with slow.transaction():
            phone.rebuild(slow, 0)
            phone.rebuild(quick, 1)
            named, tag = asked(asking, tag)
            assert named == [phone.serials[1]]
        named, tag = asked(asking, tag)
        assert phone.serials[0] in named


def test_in_a_database_that_was_restored_elsewhere_the_clock_counts(clone: Database) -> None:
    phone = Phone(clone)
    with phone.service() as service:
        _, tag = asked(service, None)
        assert tag is not None
        foreign = f"{10**17}-{tag.partition('-')[2]}"
        assert asked(service, foreign) == ([], foreign)
        phone.rebuild(service, 0)
        assert asked(service, foreign)[0] == [phone.serials[0]]


def test_a_pass_that_ended_is_named_once_it_says_so(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = on_device(db, make, tenant)
    db.run("UPDATE ticketing.ticket_passes SET voided_at = now() WHERE id = %s", row["id"])
    with as_worker(tenant=tenant):
        assert produce(db, claim(db), auth_token_hash=TOKEN) == "produced"
        assert db.one(LIST, "d1", TYPE)["serial_numbers"] == [row["serial_number"]]
