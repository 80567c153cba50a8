"""What an attack acts on: rows of one tenant in the states that functions ask for, and good calls.

Every row and value here belongs to tenant A. The same rows under other names are what tenant B has,
and the same names without rows are what nobody has (calls.Image), so nothing is written twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from support import signed
from support.factories import Make, Row
from support.sweeps import CHORES

# Stands in every text of the stage, and is replaced in what another tenant has. It fits into a
# hash, a signature and an address, whatever their alphabet.
TAG = "aaaa"
# The same in what tenant A has already and a good call does not name: another tenant has under one
# name what A has under TAG and under TAKEN. So what is new to A may be taken by B.
TAKEN = "eeee"
HASH = TAG * 16
NEW_HASH = HASH[:-1] + "0"
SIGNATURE = TAG * 22
OLD_SIGNATURE, NEW_SIGNATURE = SIGNATURE[:-1] + "z", SIGNATURE[:-1] + "y"
ADDRESS = TAG * 11
# Where the consumer of the log is: past every event.
READ = 1_000_000
Cast = dict[str, str]


class Stage:
    """Rows by the names that good calls give them.

    Args:
        make: of the superuser.
        tenant: whose rows they are.
    """

    def __init__(self, make: Make, tenant: UUID) -> None:
        self.make = make
        self.tenant = tenant
        self.now = datetime.now(UTC)
        self.rows: dict[str, Row] = {}

    def row(self, name: str, table: str, /, **given: Any) -> UUID | None:
        """Makes a row and returns its id, if it has one."""
        self.rows[name] = self.make.row(table, self.tenant, **given)
        return self.rows[name].get("id")

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]["id"]


def set_up(make: Make, tenant: UUID) -> Cast:
    """Makes the rows of the stage.

    Args:
        make: of the superuser.
        tenant: whose rows they are.

    Returns:
        What the rows are called in good calls: ids, codes and keys, all as text.
    """
    on = Stage(make, tenant)
    for part in (_people, _tickets, _places, _money, _votes, _work, _chain, _taken):
        part(on)
    for chore in CHORES:
        chore.make(make, tenant)
    signed.add_key(make.session)
    row_text = make.session.value(
        "SELECT r::text FROM ticketing.multisig_approval_requests AS r "
        "WHERE r.tenant_id = %s AND r.id = %s",
        tenant,
        on["approved_request"],
    )
    return {
        **{name: str(row["id"]) for name, row in on.rows.items() if "id" in row},
        "tenant": str(tenant),
        "token": signed.sign(tenant),
        "operation": on.rows["request"]["operation_hash"],
        "approved_operation": on.rows["approved_request"]["operation_hash"],
        "request_row": row_text,
        "tag": TAG,
        "hash": HASH,
        "new_hash": NEW_HASH,
        "signature": SIGNATURE,
        "old_signature": OLD_SIGNATURE,
        "new_signature": NEW_SIGNATURE,
        "address": ADDRESS,
    }


def _people(on: Stage) -> None:
    user = on.row("user", "users", email=f"{TAG}-holder@example.org")
    on.row("other", "users", email=f"{TAG}-other@example.org")
    on.row("admin", "users", email=f"{TAG}-admin@example.org", role="admin")
    on.row("second_admin", "users", email=f"{TAG}-admin2@example.org", role="admin")
    on.row("venue", "venues", name=f"{TAG} venue", created_by=user)
    times = {"starts_at": on.now + timedelta(hours=1), "ends_at": on.now + timedelta(hours=4)}
    event = on.row("event", "events", name=f"{TAG} event", venue_id=on["venue"], **times)
    for name, quantity in (("ticket_type", 100), ("other_type", 100), ("full_type", 0)):
        on.rows[name] = on.make.ticket_type(
            on.tenant, quantity, event_id=event, name=f"{TAG} {name}"
        )
    ordered: Row = {"event_id": event, "subtotal_cents": 5000, "total_cents": 5000}
    on.row("order", "orders", order_number=f"{TAG}-1", user_id=user, **ordered)
    on.row("others_order", "orders", order_number=f"{TAG}-3", user_id=on["other"], event_id=event)
    ordered |= {"status": "confirmed", "paid_cents": 5000}
    on.row("paid_order", "orders", order_number=f"{TAG}-2", user_id=user, **ordered)


def _kind(on: Stage, name: str = "ticket_type") -> Row:
    return {"event_id": on["event"], "ticket_type_id": on[name]}


def _held(on: Stage, number: int) -> Row:
    """Returns a ticket that its holder has paid."""
    ticket: Row = {"user_id": on["user"], "status": "active", "order_id": on["paid_order"]}
    return {**_kind(on), **ticket, "ticket_number": f"{TAG}-{number}"}


def _tickets(on: Stage) -> None:
    codes = {"qr_code": f"{TAG}-qr", "barcode": f"{TAG}-bar"}
    outside = {"external_source": "partner", "external_id": f"{TAG}-ext"}
    seat = {"section": TAG, "row": "1", "seat": "1", "venue_id": on["venue"]}
    buyer = {"purchaser_email": f"{TAG}-buyer@example.org"}
    on.row("ticket", "tickets", **_held(on, 1), **codes, **outside, **seat, **buyer)
    free = on.row("free_ticket", "tickets", **_held(on, 2))
    to_other = {"to_user_id": on["other"]}
    offered = on.row("offered", "tickets", **_held(on, 3))
    code = {"transfer_code": f"{TAG}-code", "acceptance_code_hash": HASH}
    on.row("offer", "ticket_transfers", ticket_id=offered, **code, **to_other)
    accepted = on.row("accepted_ticket", "tickets", **_held(on, 4))
    code = {"transfer_code": f"{TAG}-code2"}
    on.row("accepted", "ticket_transfers", ticket_id=accepted, **code, **to_other)
    on.make.advance("ticket_transfers", on["accepted"], "accepted")
    late = {"created_at": on.now - timedelta(days=2), "expires_at": on.now - timedelta(days=1)}
    overdue = on.row("overdue_ticket", "tickets", **_held(on, 7))
    on.row("overdue_offer", "ticket_transfers", ticket_id=overdue, **late, **to_other)
    done = {"accepted_at": on.now, "transferred_at": on.now}
    on.row("past", "ticket_transfers", ticket_id=free, status="completed", **done, **to_other)
    on.row("credential", "ticket_credentials", ticket_id=free, code_hash=HASH)
    device = {"device_id": f"{TAG}-device", "client_nonce": f"{TAG}-nonce"}
    on.row("scan", "ticket_scans", ticket_id=free, event_id=on["event"], **device)
    passed = {"ticket_id": free, "serial_number": f"{TAG}-1"}
    on.row("pass", "ticket_passes", **passed)
    claim: Row = {"claimed_by": f"{TAG}-worker", "claim_number": 1}
    claim["claimed_until"] = on.now + timedelta(minutes=5)
    passed = {"ticket_id": offered, "serial_number": f"{TAG}-2"}
    on.row("claimed_pass", "ticket_passes", **passed, **claim)
    past = {"status": "sent", "produced_at": on.now, "delivered_at": on.now}
    proof = {"pass_type_id": f"pass.{TAG}", "auth_token_hash": HASH}
    passed = {"ticket_id": accepted, "serial_number": f"{TAG}-3"}
    made = on.row("made_pass", "ticket_passes", **passed, **past, **proof)
    passed = {"ticket_id": free, "serial_number": f"{TAG}-4", "channel": "google_wallet"}
    past = {"status": "produced", "produced_at": on.now, "sending_version": 1}
    on.row("sending_pass", "ticket_passes", **passed, **past, **claim)
    passed = {"ticket_id": on["ticket"], "serial_number": f"{TAG}-5"}
    past = {"status": "failed", "error_message": f"{TAG} error"}
    on.row("failed_pass", "ticket_passes", **passed, **past)
    device = {"device_library_id": f"{TAG}-device", "push_token": f"{TAG}-push"}
    on.row("device", "pass_device_registrations", pass_id=made, **device)


def _places(on: Stage) -> None:
    user, other, soon = on["user"], on["other"], on.now + timedelta(minutes=10)
    given = {"idempotency_key": f"{TAG}-reserve", "total_cents": 2500, "currency": "USD"}
    on.row("reservation", "reservations", **_kind(on), **given, user_id=user)
    on.row("waiting", "waitlist", ticket_type_id=on["full_type"], user_id=other)
    places = on.row("places", "reservations", **_kind(on, "other_type"), user_id=other)
    offer = {"status": "notified", "notified_at": on.now, "offer_expires_at": soon}
    waits = {"ticket_type_id": on["other_type"], "user_id": other, "reservation_id": places}
    on.row("notified", "waitlist", **waits, **offer)
    zone = on.row("zone", "zones", event_id=on["event"], name=f"{TAG} zone")
    on.row("hold", "holds", zone_id=zone, user_id=user, idempotency_key=f"{TAG}-hold")
    on.row("house_hold", "ticket_holds", ticket_type_id=on["ticket_type"], quantity=2)
    bundle = {"name": f"{TAG} bundle", "price_cents": 2000, "event_id": on["event"]}
    on.row("bundle", "ticket_bundles", **bundle)
    item = {"bundle_id": on["bundle"], "ticket_type_id": on["ticket_type"]}
    on.row("item", "ticket_bundle_items", **item)


def _money(on: Stage) -> None:
    user, paid = on["user"], on["paid_order"]
    money = {"provider_payment_id": f"pi_{TAG}", "amount_cents": 5000, "status": "succeeded"}
    on.row("payment", "payments", order_id=paid, **money)
    on.row("discount", "discounts", code=f"{TAG.upper()}-10")
    code = f"{TAG.upper()}-20"
    used = on.row("used_discount", "discounts", code=code, stackable=True, times_used=1)
    on.row("reduced_order", "orders", user_id=user)
    reduced = {"order_id": on["reduced_order"], "discount_id": used, "discount_code": code}
    on.row("redemption", "order_discounts", **reduced)
    asked = {"order_id": paid, "requested_by": user}
    on.row("refund", "refunds", **asked, idempotency_key=f"{TAG}-refund")
    asked["approved_by"] = on["admin"]
    on.row("approved_refund", "refunds", **asked, status="approved")
    sent = {"status": "processing", "provider": "stripe", "amount_cents": 300}
    on.row("open_refund", "refunds", **asked, **sent)
    on.row("spending_limit", "spending_limits", user_id=user, per_transaction_limit=400)
    on.row("spending", "spending_transactions", user_id=user, transaction_reference=f"{TAG}-spent")


def _votes(on: Stage) -> None:
    on.row("request", "multisig_approval_requests", requested_by=on["user"])
    request = on.row("approved_request", "multisig_approval_requests", requested_by=on["user"])
    for approver in ("admin", "second_admin"):
        vote = {"request_id": request, "approver_id": on[approver]}
        on.row("approval", "multisig_approvals", **vote)
    lock = {"event_type": "locked", "locked_until": on.now + timedelta(hours=1)}
    on.row("lockout", "account_lockout_events", identifier=f"{TAG}-who", **lock)


def _work(on: Stage) -> None:
    soon = on.now + timedelta(minutes=5)
    lock = {"locked_by": f"{TAG}-lock", "locked_at": on.now, "lock_expires_at": soon}
    on.row("key", "idempotency_keys", idempotency_key=f"{TAG}-key", request_hash=HASH, **lock)
    done = {"status": "completed", "completed_at": on.now, "response_status": 201}
    done |= {"request_hash": HASH, "response_body": {"secret": f"{TAG}-answer"}}
    on.row("done_key", "idempotency_keys", idempotency_key=f"{TAG}-done", **done)
    on.row("queued", "request_tickets", created_by=on["user"], description=f"{TAG} wish")
    claim = {"claimed_by": f"{TAG}-worker", "claimed_until": soon, "claim_number": 1}
    on.row("claimed", "request_tickets", created_by=on["user"], **claim)
    secret = {"payload": {"secret": f"{TAG}-payload"}}
    on.row("outbox", "outbox", aggregate_id=f"{TAG}-1", **secret)
    claim = {"status": "processing", "locked_by": f"{TAG}-token", "locked_until": soon}
    on.row("claimed_event", "outbox", aggregate_id=f"{TAG}-2", **claim)
    on.row("dead_event", "outbox", aggregate_id=f"{TAG}-3", status="dead")
    on.row("cursor", "outbox_cursors", consumer=f"{TAG}-consumer", seq=READ, safe_seq=READ)
    on.row("note", "ticket_notifications", user_id=on["user"], dedupe_key=f"{TAG}-note")
    past = {"received_at": on.now - timedelta(hours=2), "expires_at": on.now - timedelta(hours=1)}
    on.row("nonce", "webhook_nonces", nonce=f"{TAG}-nonce", **past)


def _chain(on: Stage) -> None:
    minted = on.row("minted", "tickets", **_held(on, 5))
    tx = {"tx_signature": SIGNATURE, "blockhash": ADDRESS, "event_id": on["event"]}
    on.row("tx", "pending_transactions", ticket_id=minted, **tx)
    unminted = on.row("unminted", "tickets", **_held(on, 6))
    tx = {"tx_signature": OLD_SIGNATURE, "status": "expired", "event_id": on["event"]}
    on.row("expired_tx", "pending_transactions", ticket_id=unminted, **tx)


def _taken(on: Stage) -> None:
    """Makes what another tenant has of everything that may be there only once."""
    name = f"{TAKEN}-new"
    new = {"idempotency_key": name}
    user, other, paid = on["user"], on["other"], on["paid_order"]
    codes = {"ticket_number": name, "qr_code": name, "barcode": name}
    outside = {"external_source": "partner", "external_id": name}
    seat = {"section": TAKEN, "row": "new", "seat": "new"}
    sold = {**_kind(on), "status": "active", "user_id": other}
    ticket = on.row("taken_ticket", "tickets", **sold, **codes, **outside, **seat)
    held = on.make.held_ticket(on.tenant)
    hashed = {"code_hash": NEW_HASH.replace(TAG, TAKEN)}
    on.row("taken_code", "ticket_credentials", ticket_id=held, **hashed)
    on.row("taken_transfer", "ticket_transfers", ticket_id=ticket, transfer_code=name)
    on.row("taken_reservation", "reservations", **_kind(on), user_id=other, **new)
    on.row("taken_hold", "holds", zone_id=on["zone"], user_id=other, **new)
    at_provider = {"provider": "stripe", "provider_refund_id": name}
    on.row("taken_refund", "refunds", order_id=paid, **at_provider, **new)
    on.row("taken_payment", "payments", order_id=paid, provider_payment_id=name)
    on.row("taken_key", "idempotency_keys", request_hash=HASH, **new)
    tx = {"tx_signature": NEW_SIGNATURE.replace(TAG, TAKEN), "ticket_id": held}
    on.row("taken_tx", "pending_transactions", **tx)
    on.row("taken_zone", "zones", event_id=on["event"], name=name)
    on.row("taken_spending", "spending_transactions", user_id=user, transaction_reference=name)
    device = {"device_library_id": name, "push_token": TAKEN}
    on.row("taken_device", "pass_device_registrations", pass_id=on["made_pass"], **device)
    on.row("taken_order", "orders", order_number=name)
    on.row("taken_nonce", "webhook_nonces", nonce=name)
    on.row("taken_discount", "discounts", code=name.upper())
    on.row("taken_email", "users", email=f"{name}@example.org")


# What a parameter is given in a good call, by its name; ${...} is a word of the cast. A parameter
# that is not here keeps its default, or gets a value of its type.
BY_NAME = {
    "p_tenant_id": "${tenant}",
    "p_ticket_id": "${ticket}",
    "p_event_id": "${event}",
    "p_venue_id": "${venue}",
    "p_ticket_type_id": "${ticket_type}",
    "p_user_id": "${user}",
    "p_created_by": "${user}",
    "p_requested_by": "${user}",
    "p_scanned_by": "${user}",
    "p_from_user_id": "${user}",
    "p_to_user_id": "${other}",
    "p_held_by": "${user}",
    "p_changed_by": "${user}",
    "p_approved_by": "${admin}",
    "p_approver_id": "${admin}",
    "p_rejecter_id": "${admin}",
    "p_executed_by": "${admin}",
    "p_unlocked_by": "${admin}",
    "p_order_id": "${order}",
    "p_reservation_id": "${reservation}",
    "p_waitlist_id": "${waiting}",
    "p_zone_id": "${zone}",
    "p_hold_id": "${hold}",
    "p_bundle_id": "${bundle}",
    "p_transfer_id": "${offer}",
    "p_refund_id": "${refund}",
    "p_request_id": "${request}",
    "p_request": "${request_row}",
    "p_request_ticket_id": "${queued}",
    "p_pass_id": "${claimed_pass}",
    "p_key_id": "${key}",
    "p_transaction_id": "${spending}",
    "p_network": "solana-mainnet",
    "p_tx_signature": "${signature}",
    "p_blockhash": "${address}",
    "p_last_valid_block_height": "1000",
    "p_code": "${tag}-10",
    "p_code_hash": "${hash}",
    "p_request_hash": "${hash}",
    "p_operation": "POST /orders",
    "p_operation_hash": "${operation}",
    "p_lock_token": "${tag}-lock",
    "p_idempotency_key": "${tag}-new",
    "p_key": "${tag}-new",
    "p_claim_number": "1",
    "p_pass_version": "1",
    "p_ticket_number": "${tag}-1",
    "p_transaction_reference": "${tag}-new",
    "p_transfer_code": "${tag}-new",
    "p_email": "${tag}-holder@example.org",
    "p_nonce": "${tag}-new",
    "p_order_number": "${tag}-1",
    "p_endpoint": "stripe",
    "p_batch": "1000",
    "p_limit": "50",
    "p_currency": "USD",
    "p_provider": "stripe",
    "p_device_library_id": "${tag}-device",
    "p_pass_type_id": "pass.${tag}",
    "p_serial_number": "${tag}-3",
    "p_auth_token_hash": "${hash}",
    "p_identifier": "${tag}-who",
    "p_identifier_type": "device",
    "p_consumer": "${tag}-consumer",
}
OF_TYPE = {
    "uuid": "${ticket}",
    "text": "${tag} text",
    "int2": "1",
    "int4": "1",
    "int8": "1",
    "numeric": "1",
    "bool": "false",
    "interval": "5 minutes",
    "timestamptz": "2030-01-01 00:00:00+00",
    "jsonb": "{}",
    "inet": "192.0.2.1",
    "_text": "{${tag}}",
    "_uuid": "{${ticket}}",
    "_int4": "{1}",
    "tsvector": "${tag}",
}

# What a good call is given besides, by function.
GOOD: dict[str, dict[str, str | None]] = {
    "accept_context_token": {"p_token": "${token}"},
    "accept_offer": {"p_waitlist_id": "${notified}", "p_order_id": "${others_order}"},
    "accept_transfer": {
        "p_user_id": "${other}",
        "p_acceptance_code_hash": "${hash}",
        "p_code_hash": "${new_hash}",
    },
    "ack_outbox": {"p_ids": "{${claimed_event}}", "p_token": "${tag}-token"},
    "advance_outbox_cursor": {"p_from_seq": str(READ), "p_to_seq": str(READ)},
    "apply_replica": {
        "p_table": "users",
        "p_row": '{"tenant_id": "${tenant}", "id": "${user}", "version": 9, "email": "x@y.zz"}',
    },
    "apply_tenant": {"p_id": "${tenant}", "p_version": "9", "p_slug": "${tag}-slug"},
    **{
        name: {"p_id": f"${{{name.removeprefix('apply_')}}}", "p_version": "9"}
        for name in ("apply_user", "apply_venue", "apply_event", "apply_order")
    },
    "apply_payment": {
        "p_id": "${payment}",
        "p_version": "9",
        "p_order_id": "${paid_order}",
        "p_provider_payment_id": "pi_${tag}",
        "p_amount_cents": "5000",
    },
    "approver_role": {"p_user_id": "${admin}"},
    "cancel_request_ticket": {"p_cancelled_by": "${user}"},
    "cancel_transfer": {"p_reason": "${tag} changed my mind"},
    "check_duplicate_scan": {"p_ticket_id": "${free_ticket}", "p_time_window_seconds": "86400"},
    "check_state_transition": {
        "p_entity": "ticket",
        "p_from_status": "active",
        "p_to_status": "checked_in",
    },
    "claim_outbox": {"p_lease": "1 minute"},
    "complete_idempotency_key": {"p_status": "completed", "p_response_status": "201"},
    "complete_refund": {
        "p_order_id": "${paid_order}",
        "p_refund_id": "${open_refund}",
        "p_payment_id": "${payment}",
        "p_amount_cents": "300",
        "p_provider_refund_id": "${tag}-new",
    },
    "complete_request_ticket": {"p_request_ticket_id": "${claimed}"},
    "complete_transfer": {"p_transfer_id": "${accepted}", "p_code_hash": "${new_hash}"},
    "confirm_transaction": {"p_slot": "100", "p_token_mint": "${address}"},
    "consume_webhook_nonce": {"p_sent_at": "now"},
    "create_pending_transaction": {
        "p_tx_type": "transfer",
        "p_tx_signature": "${new_signature}",
        "p_ticket_id": "${accepted_ticket}",
        "p_transfer_id": "${accepted}",
    },
    "execute_request": {
        "p_request_id": "${approved_request}",
        "p_operation_hash": "${approved_operation}",
    },
    "expire_overdue": {
        "p_table": "holds",
        "p_deadline_column": "expires_at",
        "p_open_statuses": "{active}",
        "p_lock_column": "zone_id",
    },
    "expire_overdue_transfer": {"p_ticket_id": "${overdue_ticket}"},
    "get_ticket_transfer_history": {"p_ticket_id": "${free_ticket}"},
    "has_pending_transaction": {"p_ticket_id": "${minted}"},
    "extend_request_ticket_claim": {"p_request_ticket_id": "${claimed}"},
    "fail_outbox": {"p_id": "${claimed_event}", "p_token": "${tag}-token"},
    "fail_refund": {"p_refund_id": "${open_refund}"},
    "fail_request_ticket": {"p_request_ticket_id": "${claimed}"},
    "find_idempotent_result": {"p_key": "${tag}-done"},
    "find_ticket_ids": {"p_query": "${tag}", "p_status": "active", "p_limit": "10"},
    "import_external_ticket": {
        "p_source": "partner",
        "p_external_id": "${tag}-new",
        "p_ticket_number": "${tag}-new",
        "p_qr_code": "${tag}-new",
        "p_barcode": "${tag}-new",
        "p_section": "${tag}",
        "p_row": "new",
        "p_seat": "new",
    },
    "join_waitlist": {"p_ticket_type_id": "${full_type}"},
    "list_request_tickets": {"p_text": "${tag}"},
    "lock_claimed_request_ticket": {"p_request_ticket_id": "${claimed}"},
    "lock_version": {"p_table": "tickets", "p_id": "${ticket}"},
    "log_ticket_status_change_manual": {
        "p_previous_status": "active",
        "p_new_status": "checked_in",
    },
    "mark_ticket_pass_sent": {"p_pass_id": "${sending_pass}"},
    "mark_tx_not_found": {"p_finalized_height": "2000"},
    "mark_tx_seen": {"p_commitment": "confirmed", "p_slot": "100"},
    "record_audit_event": {"p_event_type": "service_started"},
    "record_payment": {
        "p_provider_payment_id": "${tag}-new",
        "p_amount_cents": "5000",
        "p_status": "succeeded",
    },
    "record_idempotent_result": {"p_response_status": "201"},
    "reject_transfer": {"p_user_id": "${other}", "p_acceptance_code_hash": "${hash}"},
    "release_house_hold": {"p_hold_id": "${house_hold}"},
    "release_request_ticket_claim": {"p_request_ticket_id": "${claimed}"},
    "reissue_ticket": {"p_code_hash": "${new_hash}"},
    "create_zone": {"p_name": "${tag}-new"},
    "register_pass_device": {"p_device_library_id": "${tag}-new"},
    "replace_transaction": {
        "p_tx_signature": "${old_signature}",
        "p_new_signature": "${new_signature}",
    },
    "request_refund": {
        "p_order_id": "${paid_order}",
        "p_ticket_id": "${ticket}",
        "p_payment_id": "${payment}",
        "p_amount_cents": "100",
    },
    "requeue_outbox": {"p_id": "${dead_event}"},
    "require_resale_price": {
        "p_transfer_type": "resale",
        "p_currency": "USD",
        "p_ticket_currency": "USD",
    },
    "require_transfer_recipient": {
        "p_user_id": "${other}",
        "p_acceptance_code_hash": "${hash}",
    },
    "reserve_cart": {"p_ticket_type_ids": "{${ticket_type}}", "p_quantities": "{1}"},
    "retention_cutoff": {"p_keep": "90 days", "p_least": "30 days"},
    "retry_ticket_pass": {"p_pass_id": "${failed_pass}"},
    "reverse_discount": {"p_order_id": "${reduced_order}", "p_code": "${tag}-20"},
    "set_signed_tenant_context": {"p_token": "${token}", "p_actor_type": "service"},
    "set_tenant_context": {"p_user_id": None, "p_actor_type": "service"},
    "set_ticket_quantity": {"p_quantity": "50"},
    "set_zone_capacity": {"p_capacity": "50"},
    "start_refund": {"p_refund_id": "${approved_refund}"},
    "start_transfer": {"p_to_email": "${tag}-to@example.org"},
    "tenant_query": {"p_words": "${tag}"},
    "require_no_open_transaction": {"p_ticket_id": "${minted}"},
    "search_tickets": {"p_query": "${tag}"},
}
