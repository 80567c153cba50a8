"""set_tenant_context: a transaction works for one tenant that exists, and says so once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support import databases
from support.databases import Database
from support.factories import Make
from support.servers import Server
from support.session import CONTEXT, Session

APP, WORKER, READONLY = LOGINS = ("ts_test_app", "ts_test_worker", "ts_test_readonly")
NIL = UUID(int=0)
ROLES = ("user", "staff", "scanner", "venue_owner", "admin", "superadmin")
ACTORS = ("user", "system", "admin", "service")
INJECTION = "'; SELECT set_config('app.current_tenant_id', '', TRUE); --"
BY_HAND = "SELECT set_config(%s, %s, TRUE)"
VARIABLES = {
    "tenant": "app.current_tenant_id",
    "user": "app.current_user_id",
    "role": "app.current_user_role",
    "actor": "app.actor_type",
    "reason": "app.status_change_reason",
    "source": "app.status_change_source",
}
# What a transaction has in its variables when nothing was said.
NOTHING = dict.fromkeys(VARIABLES, "")


def enter(
    session: Session,
    tenant: UUID | str | None,
    user: UUID | None = None,
    role: str | None = None,
    **further: str,
) -> None:
    """Sets the context; `further` are actor_type, reason and source."""
    named = "".join(f", p_{name} => %s" for name in further)
    call = f"SELECT ticketing.set_tenant_context(%s, %s, %s{named})"
    session.all(call, tenant, user, role, *further.values())


def context(session: Session) -> dict[str, str]:
    """Returns the six variables; what was never set is as good as empty."""
    read = "SELECT coalesce(current_setting(%s, TRUE), '')"
    return {name: session.value(read, variable) for name, variable in VARIABLES.items()}


def by_hand(session: Session, **values: Any) -> None:
    for name, value in values.items():
        session.all(BY_HAND, VARIABLES[name], str(value))


@pytest.fixture
def app(db: Session, tenant: UUID, other_tenant: UUID, user: UUID) -> Iterator[Session]:
    """The session of a service that has logged in as ticketing_app, when all rows are there."""
    with db.logged_in(APP):
        yield db


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def other_user(make: Make, tenant: UUID) -> UUID:
    """Another user of the same tenant."""
    return make.id("users", tenant)


# What it sets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", LOGINS)
def test_the_transaction_works_for_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, login: str
) -> None:
    for owner in (tenant, other_tenant):
        make.row("ticket_types", owner)
    with db.logged_in(login):
        assert db.all("SELECT tenant_id FROM ticketing.ticket_types") == []
        enter(db, tenant)
        assert db.value("SELECT ticketing.current_tenant_id()") == tenant
        for _ in range(2):
            assert db.all("SELECT tenant_id FROM ticketing.ticket_types") == [{"tenant_id": tenant}]


@pytest.mark.parametrize("login", LOGINS)
def test_every_argument_arrives_in_its_variable(
    db: Session, tenant: UUID, user: UUID, login: str
) -> None:
    with db.logged_in(login):
        db.all(
            "SELECT ticketing.set_tenant_context(%s, %s, %s, %s, %s, %s)",
            tenant, user, "venue_owner", "admin", "asked for", "api",
        )  # fmt: skip
        assert context(db) == {
            "tenant": str(tenant),
            "user": str(user),
            "role": "venue_owner",
            "actor": "admin",
            "reason": "asked for",
            "source": "api",
        }


def test_the_variables_are_those_that_the_tests_know() -> None:
    assert set(VARIABLES.values()) == set(CONTEXT)


def test_what_is_not_given_is_empty(app: Session, tenant: UUID) -> None:
    enter(app, tenant)
    assert context(app) == {**NOTHING, "tenant": str(tenant)}


def test_it_returns_nothing(app: Session, tenant: UUID) -> None:
    call = "SELECT ticketing.set_tenant_context(%s)::text AS nothing"
    assert app.value(call, tenant) == ""


@pytest.mark.parametrize("text", ["", " ", INJECTION, "x" * 100_000, "ümlaut\n\t'\"\\"])
def test_reason_and_source_are_kept_as_they_are(app: Session, tenant: UUID, text: str) -> None:
    enter(app, tenant, reason=text, source=text)
    assert context(app) == {**NOTHING, "tenant": str(tenant), "reason": text, "source": text}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_of_a_user_is_known(app: Session, tenant: UUID, user: UUID, role: str) -> None:
    enter(app, tenant, user, role)
    assert context(app)["role"] == role


def test_the_roles_are_those_of_the_table(db: Session) -> None:
    rule = db.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'chk_users_role'"
    )
    assert all(f"'{role}'" in rule for role in ROLES)
    assert rule.count("'::text") == len(ROLES)


@pytest.mark.parametrize("actor", ACTORS)
def test_each_kind_of_actor_is_known(app: Session, tenant: UUID, actor: str) -> None:
    enter(app, tenant, actor_type=actor)
    assert app.value("SELECT ticketing.current_actor_type()") == actor


# What it refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("login", LOGINS)
def test_no_tenant_is_refused(db: Session, login: str) -> None:
    with db.logged_in(login):
        with db.refused("TK001"):
            enter(db, None)
        assert context(db) == NOTHING


@pytest.mark.parametrize(
    "role", ["", " ", "User", "admin ", "root", "ticketing_owner", "user,admin", "%", INJECTION]
)
def test_an_unknown_role_is_refused(app: Session, tenant: UUID, user: UUID, role: str) -> None:
    with app.refused("TK001"):
        enter(app, tenant, user, role)
    assert context(app) == NOTHING


@pytest.mark.parametrize("actor", ["", " ", "User", "system ", "scanner", "user,system", INJECTION])
def test_an_unknown_actor_is_refused(app: Session, tenant: UUID, actor: str) -> None:
    with app.refused("TK001"):
        enter(app, tenant, actor_type=actor)
    assert context(app) == NOTHING


@pytest.mark.parametrize("role", ROLES)
def test_a_role_without_its_user_is_refused(app: Session, tenant: UUID, role: str) -> None:
    with app.refused("TK001"):
        enter(app, tenant, None, role)
    enter(app, tenant)
    with app.refused("TK001"):
        enter(app, tenant, None, role)


def test_text_that_is_no_uuid_does_not_get_in(app: Session) -> None:
    with app.refused("22P02"):
        enter(app, INJECTION)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("status", ["suspended", "closed", None])
def test_a_tenant_that_is_not_active_is_refused_like_one_that_is_not_there(
    db: Session, make: Make, tenant: UUID, login: str, status: str | None
) -> None:
    named = make.tenant(status=status) if status else uuid4()
    with db.logged_in(login):
        with db.refused("TK704") as by:
            enter(db, named)
        assert by.error.diag.message_primary == f"tenant {named} is not known here or not active"
        assert context(db) == NOTHING
        enter(db, tenant)


def test_the_nil_uuid_is_no_tenant(app: Session) -> None:
    with app.refused("TK704"):
        enter(app, NIL)


def test_a_tenant_that_was_suspended_since_is_refused(
    db: Session, tenant: UUID, other_tenant: UUID
) -> None:
    change = "UPDATE ticketing.tenants SET status = %s, version = version + 1 WHERE id = %s"
    for status, code in (("suspended", "TK704"), ("active", None)):
        db.run(change, status, tenant)
        with db.logged_in(APP):
            if code:
                with db.refused(code):
                    enter(db, tenant)
            else:
                enter(db, tenant)


@pytest.mark.parametrize("login", LOGINS)
def test_a_user_whom_the_tenant_does_not_have_is_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, login: str
) -> None:
    strangers = (uuid4(), NIL, make.id("users", other_tenant), tenant)
    with db.logged_in(login):
        for stranger in strangers:
            with db.refused("TK706"):
                enter(db, tenant, stranger, "admin")
            assert context(db) == NOTHING


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("status", ["blocked", "deleted"])
def test_a_user_who_is_blocked_or_deleted_is_refused(
    db: Session, make: Make, tenant: UUID, login: str, status: str
) -> None:
    gone = make.id("users", tenant, status=status)
    with db.logged_in(login):
        with db.refused("TK707") as by:
            enter(db, tenant, gone)
        assert by.error.diag.message_primary == f"user {gone} is {status}"
        assert context(db) == NOTHING


def test_a_person_is_looked_up_in_the_tenant_that_is_named(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    person = make.id("users", tenant)
    make.id("users", other_tenant, id=person, status="blocked")
    with db.logged_in(WORKER):
        enter(db, tenant, person)
        db.all("SELECT ticketing.clear_tenant_context()")
        with db.refused("TK707"):
            enter(db, other_tenant, person)


def test_a_login_without_a_role_may_not_call_it(db: Session, tenant: UUID) -> None:
    with db.logged_in("ts_test_nobody"), db.refused("42501"):
        enter(db, tenant)


def test_a_session_that_row_security_does_not_bind_is_refused(db: Session, tenant: UUID) -> None:
    # The rule itself is tested in test_verify_role_security.
    with db.refused("TK705"):
        enter(db, tenant)
    with db.acting("ticketing_app"), db.refused("TK705"):
        enter(db, tenant)
    assert context(db) == NOTHING


def test_the_tenant_is_not_believed_while_row_security_is_off(app: Session, tenant: UUID) -> None:
    app.run("SET LOCAL row_security = off")
    with app.refused("42501"):
        enter(app, tenant)


# Once a transaction ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [enter, lambda session, tenant: by_hand(session, tenant=tenant)])
def test_another_tenant_is_refused_however_the_first_came(
    app: Session, tenant: UUID, other_tenant: UUID, how: Callable[[Session, UUID], None]
) -> None:
    how(app, tenant)
    with app.refused("TK703") as by:
        enter(app, other_tenant)
    assert str(tenant) not in str(by.error)
    assert context(app) == {**NOTHING, "tenant": str(tenant)}


@pytest.mark.parametrize("value", ["tenant", " ", "{}0", "{} ", "{{{}}}"])
def test_what_is_no_tenant_but_stands_there_is_refused_as_well(
    app: Session, tenant: UUID, value: str
) -> None:
    by_hand(app, tenant=value.format(tenant))
    with app.refused("TK703"):
        enter(app, tenant)


def test_the_same_tenant_by_hand_is_fine_in_either_case(app: Session, tenant: UUID) -> None:
    for spelled in (str(tenant), str(tenant).upper()):
        by_hand(app, tenant=spelled)
        enter(app, tenant)
        assert context(app)["tenant"] == str(tenant)


def test_the_same_call_again_changes_nothing(app: Session, tenant: UUID, user: UUID) -> None:
    said = {"actor_type": "user", "reason": "asked for", "source": "api"}
    enter(app, tenant, user, "user", **said)
    before = context(app)
    for named, role in ((user, "user"), (user, None), (None, "user"), (None, None)):
        enter(app, tenant, named, role)
        enter(app, tenant, named, role, **said)
        assert context(app) == before


def test_a_user_may_be_added(app: Session, tenant: UUID, user: UUID) -> None:
    enter(app, tenant, reason="asked for")
    enter(app, tenant, user, "staff")
    assert context(app) == {
        **NOTHING, "tenant": str(tenant), "user": str(user), "role": "staff",
        "reason": "asked for",
    }  # fmt: skip


def test_an_added_user_is_tested(app: Session, tenant: UUID) -> None:
    enter(app, tenant)
    with app.refused("TK706"):
        enter(app, tenant, uuid4())
    assert context(app) == {**NOTHING, "tenant": str(tenant)}


def test_actor_reason_and_source_may_change(app: Session, tenant: UUID) -> None:
    enter(app, tenant, actor_type="user", reason="one", source="api")
    enter(app, tenant, actor_type="system", reason="two")
    assert context(app) == {
        **NOTHING, "tenant": str(tenant), "actor": "system", "reason": "two", "source": "api",
    }  # fmt: skip
    enter(app, tenant, reason="", source="job")
    assert (context(app)["reason"], context(app)["source"]) == ("", "job")


def test_another_user_is_refused(db: Session, tenant: UUID, user: UUID, other_user: UUID) -> None:
    with db.logged_in(APP):
        enter(db, tenant, user)
        for role in (None, "user"):
            with db.refused("TK703"):
                enter(db, tenant, other_user, role)
        assert context(db) == {**NOTHING, "tenant": str(tenant), "user": str(user)}


@pytest.mark.parametrize(
    ("first", "second"), [("user", "admin"), ("admin", "user"), (None, "admin")]
)
@pytest.mark.parametrize("names_the_user", [True, False])
def test_another_role_is_refused(
    app: Session, tenant: UUID, user: UUID, first: str | None, second: str, names_the_user: bool
) -> None:
    enter(app, tenant, user, first)
    with app.refused("TK703"):
        enter(app, tenant, user if names_the_user else None, second)
    assert context(app)["role"] == (first or "")


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ({"user": "other"}, "TK703"),
        ({"user": "somebody"}, "TK703"),
        ({"user": "same"}, None),
        ({"role": "admin"}, "TK703"),
        ({"role": "user"}, None),
        ({"user": "same", "role": "admin"}, "TK703"),
        ({"user": "same", "role": "user"}, None),
    ],
)
def test_a_user_or_role_that_stands_there_already_must_be_the_one_in_the_call(
    db: Session, tenant: UUID, user: UUID, other_user: UUID, left: dict[str, str], code: str | None
) -> None:
    named = {"same": str(user).upper(), "other": str(other_user)}
    role = left.get("role") and "user"
    with db.logged_in(APP):
        by_hand(db, **{name: named.get(value, value) for name, value in left.items()})
        if code:
            with db.refused(code):
                enter(db, tenant, user, role)
        else:
            enter(db, tenant, user, role)
            assert context(db) == {
                **NOTHING, "tenant": str(tenant), "user": str(user), "role": role or "",
            }  # fmt: skip


@pytest.mark.parametrize("left", [str(NIL), "somebody"])
def test_a_user_who_stands_there_is_not_dropped_in_silence(
    app: Session, tenant: UUID, left: str
) -> None:
    # The session would act for the whole tenant instead of for one customer.
    by_hand(app, user=left)
    with app.refused("TK703"):
        enter(app, tenant)


def test_a_role_that_stands_there_does_not_pass_to_an_added_user(
    app: Session, tenant: UUID, user: UUID
) -> None:
    by_hand(app, tenant=tenant, role="admin")
    with app.refused("TK703"):
        enter(app, tenant, user)


def test_the_first_call_empties_what_was_said_before(app: Session, tenant: UUID) -> None:
    by_hand(app, actor="system", reason="of an earlier tenant", source="chain")
    enter(app, tenant)
    assert context(app) == {**NOTHING, "tenant": str(tenant)}


def test_after_clearing_another_tenant_may_come(
    app: Session, tenant: UUID, other_tenant: UUID, user: UUID
) -> None:
    enter(app, tenant, user, "admin", actor_type="admin", reason="asked for", source="api")
    app.all("SELECT ticketing.clear_tenant_context()")
    enter(app, other_tenant)
    assert context(app) == {**NOTHING, "tenant": str(other_tenant)}


# Errors and savepoints ---------------------------------------------------------------------------


def test_a_savepoint_takes_the_context_back(
    app: Session, tenant: UUID, other_tenant: UUID, user: UUID
) -> None:
    with app.connection.transaction(force_rollback=True):
        enter(app, tenant, user, "user", actor_type="user", reason="asked for", source="api")
    assert context(app) == NOTHING
    with app.connection.transaction():
        enter(app, other_tenant)
    assert context(app) == {**NOTHING, "tenant": str(other_tenant)}
    with app.connection.transaction(force_rollback=True):
        app.all("SELECT ticketing.clear_tenant_context()")
        enter(app, tenant)
    assert context(app) == {**NOTHING, "tenant": str(other_tenant)}


def test_a_refusal_that_is_caught_leaves_what_was(app: Session, tenant: UUID) -> None:
    app.run("""
        DO $$
        BEGIN
            PERFORM ticketing.set_tenant_context(gen_random_uuid());
        EXCEPTION
            WHEN SQLSTATE 'TK704' THEN NULL;
        END $$
    """)
    assert context(app) == NOTHING
    enter(app, tenant)
    with app.refused("TK706"):
        enter(app, tenant, uuid4(), "admin", actor_type="admin", reason="r", source="s")
    assert context(app) == {**NOTHING, "tenant": str(tenant)}


# Real logins, transactions that end --------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """Two tenants with a user and a ticket type each, committed."""

    database: Database
    a: UUID
    b: UUID
    user: UUID


@pytest.fixture(scope="module")
def world(server: Server, template: Database) -> Iterator[World]:
    with databases.database(server, template.name) as made:
        with psycopg.connect(made.superuser_url) as connection:
            make = Make(Session(connection))
            a, b = make.tenant(), make.tenant()
            for owner in (a, b):
                make.row("ticket_types", owner)
            user = make.id("users", a)
        yield World(made, a, b, user)


READ = "SELECT tenant_id FROM ticketing.ticket_types"


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
def test_nothing_is_left_when_the_transaction_ends(world: World, login: str, ending: str) -> None:
    with world.database.connect(login) as connection:
        session = Session(connection)
        session.run("BEGIN")
        enter(session, world.a, world.user, "admin", actor_type="admin", reason="r", source="s")
        assert session.all(READ) == [{"tenant_id": world.a}]
        session.run(ending)
        assert context(session) == NOTHING
        assert session.all(READ) == []


def test_a_failed_transaction_leaves_nothing_either(world: World) -> None:
    with world.database.connect(APP) as connection:
        session = Session(connection)
        with session.refused("22012"):
            enter(session, world.a, world.user, "admin")
            session.all("SELECT 1 / 0")
        assert context(session) == NOTHING


@pytest.mark.parametrize("login", LOGINS)
def test_the_next_transaction_may_have_another_tenant(world: World, login: str) -> None:
    with world.database.connect(login) as connection:
        session = Session(connection)
        for tenant in (world.a, world.b, world.a):
            with connection.transaction():
                enter(session, tenant)
                assert session.all(READ) == [{"tenant_id": tenant}]


def test_outside_a_transaction_block_it_is_lost_and_that_can_be_noticed(world: World) -> None:
    with world.database.connect(APP) as connection:
        session = Session(connection)
        enter(session, world.a)
        assert context(session) == NOTHING
        assert session.all(READ) == []
        with pytest.raises(psycopg.Error) as noticed:
            session.all("SELECT ticketing.require_tenant_context()")
        assert noticed.value.sqlstate == "TK701"


def test_a_whole_transaction_may_come_in_one_message(world: World) -> None:
    # The transaction and the statement then start at the same moment, as outside a block.
    with world.database.connect(APP) as connection:
        cursor = connection.execute(
            f"BEGIN; SELECT ticketing.set_tenant_context('{world.a}'); {READ}; COMMIT".encode()
        )
        cursor.set_result(2)
        assert cursor.fetchall() == [(world.a,)]


@pytest.mark.parametrize("login", LOGINS)
def test_prepared_statements_follow_the_tenant(world: World, login: str) -> None:
    with world.database.connect(login) as connection:
        for tenant in [world.a] * 7 + [world.b] * 7 + [world.a]:
            with connection.transaction():
                connection.execute(
                    "SELECT ticketing.set_tenant_context(%s)", [tenant], prepare=True
                )
                rows = connection.execute(READ.encode(), prepare=True).fetchall()
            assert rows == [(tenant,)]
        assert connection.execute(READ.encode(), prepare=True).fetchall() == []


def test_a_generic_plan_refuses_and_accepts_as_the_first_one(world: World) -> None:
    with world.database.connect(APP) as connection:
        session = Session(connection)
        session.run("SET plan_cache_mode = force_generic_plan")
        session.run("PREPARE enter (uuid, uuid) AS SELECT ticketing.set_tenant_context($1, $2)")
        for tenant, user, code in (
            (world.a, world.user, None),
            (world.b, world.user, "TK706"),
            (uuid4(), None, "TK704"),
            (world.b, None, None),
            (world.a, world.user, None),
        ):
            named = f"'{user}'" if user else "NULL"
            execute = f"EXECUTE enter ('{tenant}', {named})"
            with connection.transaction(force_rollback=True):
                if code:
                    with session.refused(code):
                        session.all(execute)
                else:
                    session.all(execute)
                    assert session.all(READ) == [{"tenant_id": tenant}]


def test_one_session_may_play_several_roles(world: World) -> None:
    with world.database.connect() as connection:
        session = Session(connection)
        for login in (APP, WORKER, READONLY, APP, WORKER):
            with connection.transaction(force_rollback=True), session.logged_in(login):
                enter(session, world.a)
                assert session.all(READ) == [{"tenant_id": world.a}]
                with session.refused("TK703"):
                    enter(session, world.b)


@pytest.mark.parametrize("login", [None, databases.MIGRATOR])
def test_the_superuser_and_the_one_who_migrates_are_refused(
    world: World, login: str | None
) -> None:
    with world.database.connect(login) as connection:
        session = Session(connection)
        with connection.transaction(force_rollback=True), session.refused("TK705"):
            enter(session, world.a)


def test_a_tenant_that_was_set_for_the_session_is_noticed(world: World) -> None:
    with world.database.connect(APP) as connection:
        session = Session(connection)
        session.run(f"SET app.current_tenant_id = '{world.b}'")
        session.run("SET app.actor_type = 'system'")
        with connection.transaction(force_rollback=True), session.refused("TK703"):
            enter(session, world.a)
        with connection.transaction():
            session.all("SELECT ticketing.clear_tenant_context()")
            enter(session, world.a)
            assert session.all(READ) == [{"tenant_id": world.a}]
            assert context(session)["actor"] == ""
