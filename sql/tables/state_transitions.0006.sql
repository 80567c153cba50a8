CREATE TABLE ticketing.state_transitions (
    entity text NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    requires_reason boolean NOT NULL DEFAULT FALSE,
    actor_types text[] NOT NULL DEFAULT '{user,system,admin,service}',
    description text NOT NULL,
    CONSTRAINT pk_state_transitions PRIMARY KEY (entity, from_status, to_status),
    CONSTRAINT chk_state_transitions_actors CHECK (
        cardinality(actor_types) > 0
        AND actor_types <@ ARRAY['user', 'system', 'admin', 'service']
    ),
    CONSTRAINT chk_state_transitions_move CHECK (from_status <> to_status),
    CONSTRAINT chk_state_transitions_description CHECK (length(btrim(description)) > 0)
);

COMMENT ON TABLE ticketing.state_transitions IS
    'The rules of every state machine: what may become what, who may do it, and whether a reason '
    'must be given. Triggers read it before each change of a status. Migrations write it and '
    'nobody else; the rows are the same for every tenant, so the table has no row level security.';
COMMENT ON COLUMN ticketing.state_transitions.entity IS
    'What moves: ticket, ticket_transfer, reservation, ticket_hold, refund, waitlist, '
    'pending_transaction, idempotency_key and so on.';
COMMENT ON COLUMN ticketing.state_transitions.from_status IS
    'Status before; *new* for the statuses in which a row may be inserted.';
COMMENT ON COLUMN ticketing.state_transitions.to_status IS
    'Status after. A status that is in no row as from_status is final.';
COMMENT ON COLUMN ticketing.state_transitions.requires_reason IS
    'Whether the change is refused (TK203) unless a reason is given, in app.status_change_reason '
    'or in the row''s own column for it.';
COMMENT ON COLUMN ticketing.state_transitions.actor_types IS
    'Which values of app.actor_type may make the change; others get TK202.';
COMMENT ON COLUMN ticketing.state_transitions.description IS
    'What happens in the world when the change is made.';
COMMENT ON CONSTRAINT pk_state_transitions ON ticketing.state_transitions IS
    'One row a change that is allowed; finds it in one look.';
COMMENT ON CONSTRAINT chk_state_transitions_actors ON ticketing.state_transitions IS
    'Somebody must be able to make the change, and only the four kinds of actor exist.';
COMMENT ON CONSTRAINT chk_state_transitions_move ON ticketing.state_transitions IS
    'A change leads to another status; staying is no change and needs no rule.';
COMMENT ON CONSTRAINT chk_state_transitions_description ON ticketing.state_transitions IS
    'Each rule says what it stands for.';

GRANT SELECT ON ticketing.state_transitions TO ticketing_app, ticketing_worker, ticketing_readonly;
