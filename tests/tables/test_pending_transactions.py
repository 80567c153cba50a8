"""pending_transactions: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row, signature
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 1, 1, tzinfo=UTC)
U64 = 2**64 - 1
TYPES = ("mint", "transfer", "burn", "metadata_update", "verify")
STATUSES = ("pending", "confirming", "confirmed", "failed", "expired", "replaced")
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.fixture
def bare(db: Session) -> None:
    """Switches triggers off, so that the constraints answer for themselves."""
    db.run("SET LOCAL session_replication_role = replica")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_pending_tx_network", {"network": ""}),
        ("chk_pending_tx_network", {"network": "Solana"}),
        ("chk_pending_tx_network", {"network": "-solana"}),
        ("chk_pending_tx_network", {"network": "solana\n"}),
        ("chk_pending_tx_network", {"network": "n" * 64}),
        ("chk_pending_tx_type", {"tx_type": "swap"}),
        ("chk_pending_tx_type", {"tx_type": ""}),
        ("chk_pending_tx_status", {"status": "sent"}),
        ("chk_pending_tx_status", {"status": ""}),
        ("chk_pending_tx_commitment", {"status": "expired", "commitment": "rooted"}),
        ("chk_pending_tx_signature_base58", {"tx_signature": ""}),
        ("chk_pending_tx_signature_base58", {"tx_signature": "1" * 63}),
        ("chk_pending_tx_signature_base58", {"tx_signature": "1" * 89}),
        *[
            ("chk_pending_tx_signature_base58", {"tx_signature": "1" * 63 + wrong})
            for wrong in "0OIl+/=-_ \n\u0661"
        ],
        ("chk_pending_tx_signature_base58", {"tx_signature": "1" * 64 + "\n"}),
        ("chk_pending_tx_blockhash_base58", {"blockhash": ""}),
        ("chk_pending_tx_blockhash_base58", {"blockhash": "1" * 31}),
        ("chk_pending_tx_blockhash_base58", {"blockhash": "1" * 45}),
        *[("chk_pending_tx_blockhash_base58", {"blockhash": "1" * 31 + wrong}) for wrong in "0OIl"],
        ("chk_pending_tx_block_height_positive", {"last_valid_block_height": 0}),
        ("chk_pending_tx_block_height_positive", {"last_valid_block_height": -1}),
        ("chk_pending_tx_u64", {"status": "confirming", "slot": -1}),
        ("chk_pending_tx_u64", {"status": "confirming", "slot": U64 + 1}),
        ("chk_pending_tx_u64", {"status": "confirming", "slot": Decimal("NaN")}),
        ("chk_pending_tx_u64", {"last_valid_block_height": U64 + 1}),
        ("chk_pending_tx_u64", {"last_checked_block_height": -1}),
        ("chk_pending_tx_u64", {"last_checked_block_height": U64 + 1}),
        ("chk_pending_tx_u64", {"not_found_at_height": -1}),
        ("chk_pending_tx_u64", {"not_found_at_height": U64 + 1}),
        ("chk_pending_tx_retry_count_positive", {"retry_count": -1}),
        ("chk_pending_tx_retry_count_positive", {"attempt": 0}),
        ("chk_pending_tx_retry_count_positive", {"required_confirmations": 0}),
        ("chk_pending_tx_retry_count_positive", {"status": "confirming", "confirmation_count": -1}),
        ("chk_pending_tx_retries_bounded", {"max_retries": 2, "retry_count": 3}),
        ("chk_pending_tx_retries_bounded", {"max_retries": 2, "attempt": 4}),
        ("chk_pending_tx_unseen", {"commitment": "processed"}),
        ("chk_pending_tx_unseen", {"slot": 1}),
        ("chk_pending_tx_unseen", {"confirmation_count": 1}),
        ("chk_pending_tx_unseen", {"error_code": "Custom:1"}),
        ("chk_pending_tx_confirming", {"status": "confirming", "commitment": None}),
        ("chk_pending_tx_confirming", {"status": "confirming", "slot": None}),
        ("chk_pending_tx_confirmed", {"status": "confirmed", "confirmed_at": None}),
        ("chk_pending_tx_confirmed", {"status": "confirmed", "slot": None}),
        ("chk_pending_tx_confirmed", {"status": "confirmed", "commitment": None}),
        ("chk_pending_tx_confirmed", {"status": "confirmed", "commitment": "confirmed"}),
        ("chk_pending_tx_confirmed", {"status": "confirmed", "error_code": "Custom:1"}),
        ("chk_pending_tx_failed", {"status": "failed", "failed_at": None}),
        ("chk_pending_tx_failed", {"status": "failed", "error_code": None}),
        ("chk_pending_tx_expired", {"status": "expired", "expired_at": None}),
        ("chk_pending_tx_expired", {"status": "expired", "last_valid_block_height": None}),
        ("chk_pending_tx_expired", {"status": "expired", "not_found_at_height": None}),
        ("chk_pending_tx_expired", {"status": "expired", "not_found_at_height": 1000}),
        ("chk_pending_tx_finalized", {"status": "expired", "commitment": "finalized"}),
        *[
            ("chk_pending_tx_ticket_scope", {"tx_type": kind, "ticket_id": None})
            for kind in TYPES
            if kind != "verify"
        ],
        ("chk_pending_tx_not_self", {"id": UUID(int=7), "replaces_id": UUID(int=7)}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("pending_transactions", tenant, **{"ticket_id": uuid4(), **given})


@pytest.mark.usefixtures("bare")
def test_retries_below_zero_are_refused(db: Session, make: Make, tenant: UUID) -> None:
    # Two rules are broken, whichever is tested first.
    with db.refused("23514"):
        make.row("pending_transactions", tenant, ticket_id=uuid4(), max_retries=-1)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "given",
    [
        {"network": "n"},
        {"network": "0" + "n" * 62},
        *[{"tx_type": kind} for kind in TYPES],
        {"tx_type": "verify", "ticket_id": None},
        *[{"status": status} for status in STATUSES],
        {"tx_signature": "1" * 64},
        {"tx_signature": "z" * 88},
        {"tx_signature": ALPHABET + ALPHABET[:30]},
        *[{"tx_signature": "2" * length} for length in (85, 86, 87)],
        {"blockhash": None},
        {"blockhash": "1" * 32},
        {"blockhash": "z" * 44},
        {"last_valid_block_height": None},
        {"last_valid_block_height": 1},
        {"last_valid_block_height": U64, "last_checked_block_height": U64},
        {"last_checked_block_height": 0, "not_found_at_height": 0},
        {"not_found_at_height": U64},
        {"status": "confirming", "slot": 0, "commitment": "processed"},
        {"status": "confirming", "slot": U64, "error_code": "Custom:1"},
        {"retry_count": 3, "max_retries": 3, "attempt": 4},
        {"max_retries": 2_147_483_647, "attempt": 2_147_483_647},
        {"status": "confirmed", "expired_at": NOW, "not_found_at_height": 1001},
        {"status": "failed", "commitment": "finalized", "slot": 1},
        {"status": "failed", "commitment": None, "slot": None},
        {"status": "failed", "commitment": "processed", "slot": 1},
        {"status": "expired", "not_found_at_height": 1001},
        {"status": "expired", "commitment": "confirmed", "slot": 1},
        {"status": "replaced", "commitment": "finalized", "slot": 1, "error_code": "Custom:1"},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(make: Make, tenant: UUID, given: Row) -> None:
    row = make.row("pending_transactions", tenant, **{"ticket_id": uuid4(), **given})
    assert {name: row[name] for name in given} == given


def test_a_slot_is_whole(make: Make, tenant: UUID) -> None:
    row = make.row("pending_transactions", tenant, last_valid_block_height=Decimal("7.4"))
    assert row["last_valid_block_height"] == 7


def test_a_height_beyond_numbers_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("22003"):
        make.row("pending_transactions", tenant, last_valid_block_height=10**20)


def test_it_starts_pending_on_the_main_network(make: Make, tenant: UUID) -> None:
    row = make.row("pending_transactions", tenant)
    assert (row["status"], row["network"], row["attempt"]) == ("pending", "solana-mainnet", 1)
    assert (row["retry_count"], row["max_retries"], row["error_details"]) == (0, 3, {})
    assert (row["confirmation_count"], row["required_confirmations"]) == (0, 1)


@pytest.mark.parametrize(
    "column",
    [
        "network",
        "tx_signature",
        "tx_type",
        "status",
        "confirmation_count",
        "required_confirmations",
        "attempt",
        "retry_count",
        "max_retries",
        "error_details",
        "submitted_at",
        "version",
    ],
)
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row(
            "pending_transactions", tenant, ticket_id=make.id("tickets", tenant), **{column: None}
        )


# --- what is unique ---


def test_a_signature_exists_once_in_a_tenant_and_a_network(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    tx = signature()
    make.row("pending_transactions", tenant, tx_signature=tx)
    with db.refused("23505", "uq_pending_tx_signature"):
        make.row("pending_transactions", tenant, tx_signature=tx)
    make.row("pending_transactions", tenant, tx_signature=tx, network="solana-devnet")
    make.row("pending_transactions", other_tenant, tx_signature=tx)


@pytest.mark.parametrize("second", ["pending", "confirming"])
@pytest.mark.parametrize("first", ["pending", "confirming"])
def test_a_ticket_has_one_open_transaction(
    db: Session, make: Make, tenant: UUID, first: str, second: str
) -> None:
    ticket = make.id("tickets", tenant)
    make.row("pending_transactions", tenant, ticket_id=ticket, status=first)
    with db.refused("23505", "uq_pending_tx_one_open_per_ticket"):
        make.row("pending_transactions", tenant, ticket_id=ticket, status=second, tx_type="burn")


def test_closed_ones_and_verify_are_not_counted(make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    rows: list[dict[str, Any]] = [
        {"status": "pending"},
        {"status": "confirmed"},
        {"status": "failed"},
        {"status": "expired"},
        {"status": "replaced"},
        {"tx_type": "verify"},
        {"tx_type": "verify"},
    ]
    made = [make.row("pending_transactions", tenant, ticket_id=ticket, **row) for row in rows]
    assert len({row["id"] for row in made}) == len(rows)


def test_transactions_without_a_ticket_do_not_collide(make: Make, tenant: UUID) -> None:
    given = {"tx_type": "verify", "ticket_id": None}
    made = {make.id("pending_transactions", tenant, **given) for _ in range(2)}
    assert len(made) == 2


def test_a_ticket_is_minted_once(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    given: Row = {"ticket_id": ticket, "status": "confirmed"}
    make.row("pending_transactions", tenant, **given)
    with db.refused("23505", "uq_pending_tx_one_confirmed_mint"):
        make.row("pending_transactions", tenant, **given)
    for _ in range(2):
        make.row("pending_transactions", tenant, tx_type="transfer", **given)
    make.row("pending_transactions", tenant, ticket_id=ticket, status="failed")


def test_a_transaction_has_one_successor(db: Session, make: Make, tenant: UUID) -> None:
    old = make.id("pending_transactions", tenant, status="replaced")
    make.row("pending_transactions", tenant, replaces_id=old, attempt=2)
    with db.refused("23505", "uq_pending_tx_replaces"):
        make.row("pending_transactions", tenant, replaces_id=old, attempt=2)


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("pending_transactions", tenant)
    with db.refused("23505", "pk_pending_transactions"):
        make.row("pending_transactions", tenant, id=made)
    assert make.id("pending_transactions", other_tenant, id=made) == made


# --- what it refers to ---


@pytest.mark.parametrize(
    ("constraint", "column", "table"),
    [
        ("fk_pending_transactions_ticket_id", "ticket_id", "tickets"),
        ("fk_pending_transactions_event_id", "event_id", "events"),
        ("fk_pending_transactions_transfer_id", "transfer_id", "ticket_transfers"),
        ("fk_pending_transactions_replaces_id", "replaces_id", "pending_transactions"),
    ],
)
def test_what_it_refers_to_is_of_the_tenant(
    make: Make, tenant: UUID, other_tenant: UUID, *, constraint: str, column: str, table: str
) -> None:
    for stranger in (uuid4(), make.id(table, other_tenant)):
        with make.session.refused("23503", constraint):
            make.row("pending_transactions", tenant, **{column: stranger})


def test_users_are_not_looked_up(make: Make, tenant: UUID) -> None:
    given = {"from_user_id": uuid4(), "to_user_id": uuid4()}
    row = make.row("pending_transactions", tenant, **given)
    assert {name: row[name] for name in given} == given


# --- what a service may write ---

SIGNED = (
    "tenant_id",
    "id",
    "network",
    "tx_signature",
    "tx_type",
    "ticket_id",
    "event_id",
    "transfer_id",
    "from_user_id",
    "to_user_id",
    "required_confirmations",
    "blockhash",
    "last_valid_block_height",
    "replaces_id",
    "attempt",
    "max_retries",
    "submitted_at",
    "version",
    "created_at",
    "updated_at",
)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("column", SIGNED)
def test_what_was_signed_is_fixed(
    db: Session, make: Make, tenant: UUID, column: str, role: str
) -> None:
    make.row("pending_transactions", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.pending_transactions SET {column} = {column}")


def test_every_other_column_may_be_written(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("pending_transactions", tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for column in row.keys() - set(SIGNED):
            assert db.run(f"UPDATE ticketing.pending_transactions SET {column} = {column}") == 1


def test_a_transaction_is_not_deleted(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("pending_transactions", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.pending_transactions")


def test_a_reader_only_reads(db: Session, make: Make, tenant: UUID, as_readonly: Acting) -> None:
    made = make.id("pending_transactions", tenant)
    with as_readonly(tenant):
        assert db.value("SELECT id FROM ticketing.pending_transactions") == made
        with db.refused("42501"):
            db.run("UPDATE ticketing.pending_transactions SET slot = NULL")
        with db.refused("42501"):
            db.run(
                """
                INSERT INTO ticketing.pending_transactions (tenant_id, tx_signature, tx_type)
                VALUES (%s, %s, 'verify')
                """,
                *(tenant, signature()),
            )


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT 1 FROM ticketing.pending_transactions WHERE status IN ('pending', 'confirming')"
            " ORDER BY status, submitted_at LIMIT 10",
            "idx_pending_tx_status",
        ),
        (
            "SELECT 1 FROM ticketing.pending_transactions"
            " WHERE status = 'pending' AND last_valid_block_height < 5000",
            "idx_pending_tx_expired",
        ),
    ],
)
def test_the_questions_of_a_relay_have_their_indexes(
    db: Session, tenant: UUID, query: str, index: str
) -> None:
    # Enough of them, spread far enough, that an index pays and the right one pays most.
    db.run(
        """
        INSERT INTO ticketing.pending_transactions (
            tenant_id, tx_signature, tx_type, submitted_at, last_valid_block_height
        )
        SELECT
            %s,
            'z' || lpad(translate(n::text, '0', 'a'), 80, 'z'),
            'verify',
            now() - n * interval '1 second',
            1000 * n
        FROM generate_series(1, 2000) AS n
        """,
        tenant,
    )
    db.run("ANALYZE ticketing.pending_transactions")
    plan = " ".join(str(row["QUERY PLAN"]) for row in db.all(f"EXPLAIN {query}"))
    assert index in plan
