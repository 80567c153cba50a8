CREATE TABLE ticketing.tickets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL,
    venue_id uuid,
    ticket_type_id uuid NOT NULL,
    user_id uuid,
    original_purchaser_id uuid,
    reservation_id uuid,
    order_id uuid,
    replaces_ticket_id uuid,
    external_source text,
    external_id text,
    purchaser_email text,
    ticket_number text NOT NULL,
    qr_code text,
    barcode text,
    credential_version integer NOT NULL DEFAULT 1,
    payment_id text,
    price_cents bigint,
    face_value_cents bigint,
    resale_price_cents bigint,
    max_resale_price_cents bigint,
    currency text NOT NULL DEFAULT 'USD',
    price numeric(14, 2) GENERATED ALWAYS AS (price_cents::numeric / 100::numeric) STORED,
    face_value numeric(14, 2) GENERATED ALWAYS AS (face_value_cents::numeric / 100::numeric) STORED,
    resale_price numeric(14, 2) GENERATED ALWAYS AS (
        resale_price_cents::numeric / 100::numeric
    ) STORED,
    max_resale_price numeric(14, 2) GENERATED ALWAYS AS (
        max_resale_price_cents::numeric / 100::numeric
    ) STORED,
    section text,
    "row" text,
    seat text,
    seat_number integer,
    status text NOT NULL DEFAULT 'available',
    status_reason text,
    status_changed_by uuid,
    status_changed_at timestamptz NOT NULL DEFAULT now(),
    is_validated boolean NOT NULL DEFAULT FALSE,
    validated_at timestamptz,
    validated_by uuid,
    checked_in_at timestamptz,
    checked_in_by uuid,
    scan_count integer NOT NULL DEFAULT 0,
    check_in_round integer NOT NULL DEFAULT 1,
    is_transferable boolean NOT NULL DEFAULT TRUE,
    transfer_count integer NOT NULL DEFAULT 0,
    max_transfers integer,
    is_nft boolean NOT NULL DEFAULT FALSE,
    token_mint text,
    valid_from timestamptz,
    expires_at timestamptz,
    purchased_at timestamptz,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    search_vector tsvector GENERATED ALWAYS AS (
        to_tsvector(
            'simple',
            coalesce(ticket_number, '')
            || ' ' || coalesce(section, '')
            || ' ' || coalesce("row", '')
            || ' ' || coalesce(seat, '')
            || ' ' || coalesce(external_id, '')
        )
    ) STORED,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT pk_tickets PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_tickets_ticket_number UNIQUE (tenant_id, ticket_number),
    CONSTRAINT fk_tickets_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_ticket_type_id FOREIGN KEY (tenant_id, event_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, event_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_venue_id FOREIGN KEY (tenant_id, venue_id)
        REFERENCES ticketing.venues (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_reservation_id FOREIGN KEY (tenant_id, reservation_id)
        REFERENCES ticketing.reservations (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_replaces_ticket_id FOREIGN KEY (tenant_id, replaces_ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_tickets_resale_within_max CHECK (
        resale_price_cents IS NULL
        OR max_resale_price_cents IS NULL
        OR resale_price_cents <= max_resale_price_cents
    ),
    CONSTRAINT chk_tickets_transfer_count_within_max CHECK (
        max_transfers IS NULL
        OR transfer_count <= max_transfers
    ),
    CONSTRAINT chk_tickets_holder CHECK (
        status IN ('available', 'reserved', 'expired', 'cancelled', 'refunded', 'revoked')
        OR user_id IS NOT NULL
        OR purchaser_email IS NOT NULL
    ),
    CONSTRAINT chk_tickets_available_unowned CHECK (
        status <> 'available'
        OR (user_id IS NULL AND order_id IS NULL AND reservation_id IS NULL)
    ),
    CONSTRAINT chk_tickets_reason_required CHECK (
        status NOT IN ('revoked', 'refunded', 'cancelled')
        OR length(btrim(coalesce(status_reason, ''))) > 0
    ),
    CONSTRAINT chk_tickets_checked_in CHECK (
        status NOT IN ('checked_in', 'used')
        OR checked_in_at IS NOT NULL
    ),
    CONSTRAINT chk_tickets_validated CHECK (is_validated = (validated_at IS NOT NULL)),
    CONSTRAINT chk_tickets_nft_mint CHECK (token_mint IS NULL OR is_nft),
    CONSTRAINT chk_tickets_minted CHECK (status <> 'minted' OR token_mint IS NOT NULL),
    CONSTRAINT chk_tickets_token_mint_base58 CHECK (
        token_mint IS NULL
        OR token_mint ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
    ),
    CONSTRAINT chk_tickets_external_pair CHECK ((external_source IS NULL) = (external_id IS NULL)),
    CONSTRAINT chk_tickets_purchaser_email CHECK (
        purchaser_email IS NULL
        OR purchaser_email = lower(purchaser_email)
    ),
    CONSTRAINT chk_tickets_deleted_terminal CHECK (
        deleted_at IS NULL
        OR status IN ('used', 'revoked', 'refunded', 'expired', 'cancelled')
    ),
    CONSTRAINT chk_tickets_not_own_replacement CHECK (
        replaces_ticket_id IS NULL
        OR replaces_ticket_id <> id
    ),
    CONSTRAINT chk_tickets_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_tickets_external
    ON ticketing.tickets (tenant_id, external_source, external_id)
    WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX uq_tickets_event_seat
    ON ticketing.tickets (tenant_id, event_id, section, "row", seat) NULLS NOT DISTINCT
    WHERE seat IS NOT NULL
        AND status NOT IN ('cancelled', 'refunded', 'expired', 'revoked');
CREATE UNIQUE INDEX uq_tickets_replaces
    ON ticketing.tickets (tenant_id, replaces_ticket_id)
    WHERE replaces_ticket_id IS NOT NULL;
CREATE INDEX idx_tickets_tenant_status
    ON ticketing.tickets (tenant_id, status);
CREATE INDEX idx_tickets_user_status
    ON ticketing.tickets (tenant_id, user_id, status);
CREATE INDEX idx_tickets_original_purchaser_id
    ON ticketing.tickets (tenant_id, original_purchaser_id)
    WHERE original_purchaser_id IS NOT NULL;
CREATE INDEX idx_tickets_ticket_type_id
    ON ticketing.tickets (tenant_id, event_id, ticket_type_id);
CREATE INDEX idx_tickets_venue_id
    ON ticketing.tickets (tenant_id, venue_id)
    WHERE venue_id IS NOT NULL;
CREATE INDEX idx_tickets_reservation_id
    ON ticketing.tickets (tenant_id, reservation_id)
    WHERE reservation_id IS NOT NULL;
CREATE INDEX idx_tickets_order_id
    ON ticketing.tickets (tenant_id, order_id)
    WHERE order_id IS NOT NULL;
-- Without fastupdate: its list of pending words is shared by all tenants and read by every search.
CREATE INDEX idx_tickets_search_vector
    ON ticketing.tickets USING gin (ticketing.tenant_lexemes(tenant_id, search_vector))
    WITH (fastupdate = off);
-- Statistics of words mix the tenants, and EXPLAIN would show them in its estimates.
ALTER INDEX ticketing.idx_tickets_search_vector ALTER COLUMN 1 SET STATISTICS 0;
ALTER TABLE ticketing.tickets ALTER COLUMN search_vector SET STATISTICS 0;

ALTER TABLE ticketing.tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.tickets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.tickets IS
    'One row is one admission right to one event, from unsold place to its final state. Services '
    'and workers write it; rows are never deleted, so the table grows with every ticket issued, '
    'and deleted_at only hides finished ones. Never delete a row or bring a finished one back by '
    'hand: a re-issue is a new row that names the old one in replaces_ticket_id.';
COMMENT ON COLUMN ticketing.tickets.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.tickets.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.tickets.event_id IS
    'Event the ticket admits to; together with ticket_type_id it must name a type of that very '
    'event.';
COMMENT ON COLUMN ticketing.tickets.venue_id IS
    'Venue of the event, copied here so that a venue''s tickets are found without a join. NULL '
    'when the event has no venue or the copy was not made.';
COMMENT ON COLUMN ticketing.tickets.ticket_type_id IS
    'Ticket type under which this ticket is sold; always a type of event_id.';
COMMENT ON COLUMN ticketing.tickets.user_id IS
    'Current holder; a completed transfer puts the new holder here. NULL while nobody holds the '
    'ticket, or when the holder has no account and purchaser_email stands in.';
COMMENT ON COLUMN ticketing.tickets.original_purchaser_id IS
    'User who first bought the ticket; a transfer does not change it. NULL when it was never '
    'sold, or sold to someone without an account.';
COMMENT ON COLUMN ticketing.tickets.reservation_id IS
    'Reservation that took this ticket. NULL when it is available or was issued without a '
    'reservation.';
COMMENT ON COLUMN ticketing.tickets.order_id IS
    'Order that paid for the ticket. NULL before the sale, and when it was issued without an '
    'order.';
COMMENT ON COLUMN ticketing.tickets.replaces_ticket_id IS
    'Finished ticket that this row was issued to replace. NULL for a first issue.';
COMMENT ON COLUMN ticketing.tickets.external_source IS
    'Short name of the outside ticketing system that the ticket was imported from. NULL for a '
    'ticket issued here; set together with external_id.';
COMMENT ON COLUMN ticketing.tickets.external_id IS
    'Identifier of the ticket in external_source, kept as text exactly as received. NULL for a '
    'ticket issued here.';
COMMENT ON COLUMN ticketing.tickets.purchaser_email IS
    'Lower-case e-mail address of the buyer; names the holder when there is no account (guest or '
    'import). Personal data. NULL when user_id is enough or nobody holds the ticket.';
COMMENT ON COLUMN ticketing.tickets.ticket_number IS
    'Number printed on the ticket, readable by people and unique inside the tenant; it identifies '
    'and does not admit.';
COMMENT ON COLUMN ticketing.tickets.qr_code IS
    'Opaque random secret behind the QR code, or its hash; a transfer replaces it. It admits, so '
    'never copy it into a log. NULL while no code has been issued.';
COMMENT ON COLUMN ticketing.tickets.barcode IS
    'Content of the linear barcode; it admits just as qr_code does. NULL when the ticket has none.';
COMMENT ON COLUMN ticketing.tickets.credential_version IS
    'Counts the codes the ticket has had, from 1; raised when the code is replaced, so that an '
    'older code can be told from the current one.';
COMMENT ON COLUMN ticketing.tickets.payment_id IS
    'Payment provider''s reference for the payment; text, not tied to a table. NULL when nothing '
    'was paid or the reference is not known.';
COMMENT ON COLUMN ticketing.tickets.price_cents IS
    'Price of this ticket to its buyer, in minor units of currency. NULL while no price has been '
    'fixed.';
COMMENT ON COLUMN ticketing.tickets.face_value_cents IS
    'Value printed on the ticket, in minor units of currency, before discounts or fees. NULL when '
    'none is printed.';
COMMENT ON COLUMN ticketing.tickets.resale_price_cents IS
    'Price at which the holder offers the ticket for resale, in minor units of currency. NULL '
    'when it is not offered.';
COMMENT ON COLUMN ticketing.tickets.max_resale_price_cents IS
    'Highest resale price allowed, in minor units of currency. NULL means no ceiling.';
COMMENT ON COLUMN ticketing.tickets.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.tickets.price IS
    'Decimal view of price_cents for readers; generated, never written. It is the amount divided '
    'by 100, whatever the currency.';
COMMENT ON COLUMN ticketing.tickets.face_value IS
    'Decimal view of face_value_cents for readers; generated, never written. It is the amount '
    'divided by 100, whatever the currency.';
COMMENT ON COLUMN ticketing.tickets.resale_price IS
    'Decimal view of resale_price_cents for readers; generated, never written. It is the amount '
    'divided by 100, whatever the currency.';
COMMENT ON COLUMN ticketing.tickets.max_resale_price IS
    'Decimal view of max_resale_price_cents for readers; generated, never written. It is the '
    'amount divided by 100, whatever the currency.';
COMMENT ON COLUMN ticketing.tickets.section IS
    'Section or block of the place, as printed. NULL without assigned seating.';
COMMENT ON COLUMN ticketing.tickets."row" IS
    'Row of the place inside the section, as printed; a keyword, so always quoted. NULL without '
    'assigned seating.';
COMMENT ON COLUMN ticketing.tickets.seat IS
    'Seat label inside the row, as printed, such as 12 or 12A. NULL without assigned seating.';
COMMENT ON COLUMN ticketing.tickets.seat_number IS
    'Seat as a number, for sorting and finding neighbours; seat is what counts for uniqueness. '
    'NULL when the label is not a number.';
COMMENT ON COLUMN ticketing.tickets.status IS
    'State of the ticket: available (unsold place), reserved (held for a buyer), sold (not yet '
    'issued), minted (token made, not delivered), active (issued, may enter), transferred (new '
    'holder, may enter), checked_in (admitted), or a final one: used (attended, over), revoked '
    '(withdrawn), refunded (money returned), expired (ran out unused), cancelled (event or order '
    'called off). A final status is never left.';
COMMENT ON COLUMN ticketing.tickets.status_reason IS
    'Why the ticket got its status, in words. Required when it is revoked, refunded or cancelled, '
    'else it may be NULL.';
COMMENT ON COLUMN ticketing.tickets.status_changed_by IS
    'Id of the person or service behind the last status change; not tied to users. NULL when it '
    'was automatic or nobody was named.';
COMMENT ON COLUMN ticketing.tickets.status_changed_at IS
    'When the status last changed; the insert counts as the first change.';
COMMENT ON COLUMN ticketing.tickets.is_validated IS
    'Whether staff have validated the ticket; true exactly when validated_at is set. Admission is '
    'status and checked_in_at, not this.';
COMMENT ON COLUMN ticketing.tickets.validated_at IS
    'When a person or device validated it; no scan at the gate sets it. NULL when none has.';
COMMENT ON COLUMN ticketing.tickets.validated_by IS
    'Id of the person or device that validated the ticket; not tied to users. NULL when not '
    'validated or not known.';
COMMENT ON COLUMN ticketing.tickets.checked_in_at IS
    'When the ticket was admitted; must be set while the status is checked_in or used. NULL when '
    'it was not.';
COMMENT ON COLUMN ticketing.tickets.checked_in_by IS
    'Id of the person or device that admitted the ticket; not tied to users. NULL when not '
    'admitted or not known.';
COMMENT ON COLUMN ticketing.tickets.scan_count IS
    'Number of accepted entries; refused scans do not count.';
COMMENT ON COLUMN ticketing.tickets.check_in_round IS
    'Round of admission, from 1; an undone check-in raises it, which permits another first entry '
    'while earlier scans stay on record.';
COMMENT ON COLUMN ticketing.tickets.is_transferable IS
    'Whether the holder may pass the ticket on; false forbids every new transfer.';
COMMENT ON COLUMN ticketing.tickets.transfer_count IS
    'Number of completed changes of holder.';
COMMENT ON COLUMN ticketing.tickets.max_transfers IS
    'Most changes of holder allowed; 0 allows none, NULL means no limit.';
COMMENT ON COLUMN ticketing.tickets.is_nft IS
    'Whether the ticket is, or is to be, a token on the chain; must be true before token_mint is '
    'set.';
COMMENT ON COLUMN ticketing.tickets.token_mint IS
    'Mint address of the ticket''s token on Solana, base58, 32 to 44 characters. NULL until it is '
    'minted.';
COMMENT ON COLUMN ticketing.tickets.valid_from IS
    'Moment from which the ticket admits. NULL means no limit of its own; the event''s times '
    'decide.';
COMMENT ON COLUMN ticketing.tickets.expires_at IS
    'Moment after which the ticket no longer admits. NULL means no limit of its own; the event''s '
    'times decide.';
COMMENT ON COLUMN ticketing.tickets.purchased_at IS
    'When the ticket was bought. NULL when it has not been sold.';
COMMENT ON COLUMN ticketing.tickets.metadata IS
    'Free attributes of the caller; never read by this schema.';
COMMENT ON COLUMN ticketing.tickets.search_vector IS
    'Search words from ticket_number, section, row, seat and external_id, unstemmed; generated, '
    'never written. Searched through search_tickets: under row level security a condition on this '
    'column reads every ticket of the tenant.';
COMMENT ON COLUMN ticketing.tickets.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.tickets.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.tickets.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON COLUMN ticketing.tickets.deleted_at IS
    'When the ticket was hidden from ordinary lists; the row itself stays, and only a finished '
    'ticket may be hidden. NULL means visible.';
COMMENT ON CONSTRAINT pk_tickets ON ticketing.tickets IS
    'One row per ticket of a tenant.';
COMMENT ON CONSTRAINT uq_tickets_ticket_number ON ticketing.tickets IS
    'No two tickets of a tenant carry the same number; other tenants may use it, so an error here '
    'tells nothing about them.';
COMMENT ON CONSTRAINT fk_tickets_tenant_id ON ticketing.tickets IS
    'Every ticket belongs to a known tenant; a tenant cannot be deleted while it has tickets.';
COMMENT ON CONSTRAINT fk_tickets_ticket_type_id ON ticketing.tickets IS
    'The ticket type belongs to the same tenant and event, so a ticket cannot name another '
    'event''s type; it cannot be deleted while tickets refer to it.';
COMMENT ON CONSTRAINT fk_tickets_venue_id ON ticketing.tickets IS
    'The venue belongs to the same tenant; it cannot be deleted while tickets refer to it.';
COMMENT ON CONSTRAINT fk_tickets_user_id ON ticketing.tickets IS
    'The holder is a user of the same tenant, who cannot be deleted while holding tickets, '
    'finished ones included.';
COMMENT ON CONSTRAINT fk_tickets_reservation_id ON ticketing.tickets IS
    'The reservation belongs to the same tenant; it cannot be deleted while tickets refer to it.';
COMMENT ON CONSTRAINT fk_tickets_order_id ON ticketing.tickets IS
    'The order belongs to the same tenant; it cannot be deleted while tickets refer to it.';
COMMENT ON CONSTRAINT fk_tickets_replaces_ticket_id ON ticketing.tickets IS
    'The replaced ticket belongs to the same tenant; it cannot be deleted while its replacement '
    'refers to it.';
COMMENT ON CONSTRAINT chk_tickets_resale_within_max ON ticketing.tickets IS
    'An offered resale price does not exceed the ceiling, where both are set.';
COMMENT ON CONSTRAINT chk_tickets_transfer_count_within_max ON ticketing.tickets IS
    'The holder has not changed more often than max_transfers allows; the transfer beyond the '
    'limit fails here.';
COMMENT ON CONSTRAINT chk_tickets_holder ON ticketing.tickets IS
    'A ticket that is sold, minted, active, transferred, checked in or used has a holder: a user '
    'or at least an e-mail address.';
COMMENT ON CONSTRAINT chk_tickets_available_unowned ON ticketing.tickets IS
    'An available ticket has no holder, order or reservation; prevents a place that is on sale '
    'from still belonging to someone.';
COMMENT ON CONSTRAINT chk_tickets_reason_required ON ticketing.tickets IS
    'A revoked, refunded or cancelled ticket says why; blanks do not count.';
COMMENT ON CONSTRAINT chk_tickets_checked_in ON ticketing.tickets IS
    'A ticket that is checked in or used has its time of admission.';
COMMENT ON CONSTRAINT chk_tickets_validated ON ticketing.tickets IS
    'The validated flag and the time of validation are set together or not at all.';
COMMENT ON CONSTRAINT chk_tickets_nft_mint ON ticketing.tickets IS
    'Only a ticket marked as a token has a mint address.';
COMMENT ON CONSTRAINT chk_tickets_minted ON ticketing.tickets IS
    'A minted ticket has its mint address; prevents a status that nothing on the chain backs.';
COMMENT ON CONSTRAINT chk_tickets_token_mint_base58 ON ticketing.tickets IS
    'A mint address is 32 to 44 characters of the base58 alphabet, which leaves out 0, O, I and l.';
COMMENT ON CONSTRAINT chk_tickets_external_pair ON ticketing.tickets IS
    'The outside system and the identifier there are given together or not at all.';
COMMENT ON CONSTRAINT chk_tickets_purchaser_email ON ticketing.tickets IS
    'The buyer''s address is stored in lower case, so that a plain comparison finds it.';
COMMENT ON CONSTRAINT chk_tickets_deleted_terminal ON ticketing.tickets IS
    'Only a finished ticket may be hidden; prevents a ticket that still admits from vanishing '
    'from lists.';
COMMENT ON CONSTRAINT chk_tickets_not_own_replacement ON ticketing.tickets IS
    'A ticket does not replace itself.';
COMMENT ON CONSTRAINT chk_tickets_currency ON ticketing.tickets IS
    'The currency has the form of an ISO 4217 code: three capital letters.';
COMMENT ON INDEX ticketing.uq_tickets_external IS
    'One row per ticket of an outside system; a repeated import finds the row instead of adding a '
    'second.';
COMMENT ON INDEX ticketing.uq_tickets_event_seat IS
    'A seat of an event has at most one living ticket; cancelled, refunded, expired and revoked '
    'tickets free it. A missing section or row counts as a value, so a seat known by its number '
    'alone is sold once, too.';
COMMENT ON INDEX ticketing.uq_tickets_replaces IS
    'A ticket is replaced at most once; also covers the foreign key to the replaced ticket.';
COMMENT ON INDEX ticketing.idx_tickets_tenant_status IS
    'Serves lists and counts of a tenant''s tickets by status.';
COMMENT ON INDEX ticketing.idx_tickets_user_status IS
    'Serves a holder''s own tickets by status; covers the foreign key to users.';
COMMENT ON INDEX ticketing.idx_tickets_original_purchaser_id IS
    'Covers the foreign key to users: finds what a user once bought, whoever holds it now.';
COMMENT ON INDEX ticketing.idx_tickets_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the tickets of an event or of one of its types.';
COMMENT ON INDEX ticketing.idx_tickets_venue_id IS
    'Covers the foreign key to venues: finds the tickets of a venue.';
COMMENT ON INDEX ticketing.idx_tickets_reservation_id IS
    'Covers the foreign key to reservations: finds the tickets of a reservation.';
COMMENT ON INDEX ticketing.idx_tickets_order_id IS
    'Covers the foreign key to orders: finds the tickets of an order.';
COMMENT ON INDEX ticketing.idx_tickets_search_vector IS
    'Serves search_tickets: each word stands behind its tenant, so a search reads the words of one '
    'tenant whatever the others have. A search on search_vector itself has no index. It has no '
    'statistics on purpose.';

GRANT SELECT ON ticketing.tickets TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.tickets TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    venue_id, user_id, original_purchaser_id, reservation_id, order_id, purchaser_email,
    ticket_number, qr_code, barcode, credential_version, payment_id, price_cents, face_value_cents,
    resale_price_cents, max_resale_price_cents, currency, section, "row", seat,
    seat_number, status, status_reason, status_changed_by, status_changed_at, is_validated,
    validated_at, validated_by, checked_in_at, checked_in_by, scan_count, check_in_round,
    is_transferable, transfer_count, max_transfers, is_nft, token_mint, valid_from,
    expires_at, purchased_at, metadata, deleted_at
) ON ticketing.tickets TO ticketing_app, ticketing_worker;
