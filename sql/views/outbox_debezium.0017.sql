CREATE OR REPLACE VIEW ticketing.outbox_debezium
WITH (security_invoker = TRUE) AS
SELECT
    o.id,
    o.aggregate_type AS aggregatetype,
    o.aggregate_id AS aggregateid,
    o.event_type AS "type",
    o.payload,
    o.headers,
    o.event_version AS "version",
    o.created_at AS "timestamp",
    o.tenant_id AS tenantid,
    o.seq
FROM ticketing.outbox AS o;

COMMENT ON VIEW ticketing.outbox_debezium IS
    'Events under the column names that the outbox event router of Debezium expects by default, '
    'for consumers and tests that were written for those. Debezium itself captures the table and '
    'not a view: there map route.by.field and table.field.event.key, type, payload and id to the '
    'columns of outbox, and skip updates and deletes. Its rows are in no order that a cursor could '
    'follow; see ticketing.read_outbox_log.';
COMMENT ON COLUMN ticketing.outbox_debezium.id IS
    'Identifier of the event, by which a consumer recognises a repeat.';
COMMENT ON COLUMN ticketing.outbox_debezium.aggregatetype IS
    'Kind of thing that changed; the router makes the topic of it.';
COMMENT ON COLUMN ticketing.outbox_debezium.aggregateid IS
    'Identifier of the thing that changed; the router makes the message key of it.';
COMMENT ON COLUMN ticketing.outbox_debezium."type" IS
    'Name of what happened.';
COMMENT ON COLUMN ticketing.outbox_debezium.payload IS
    'Body of the event.';
COMMENT ON COLUMN ticketing.outbox_debezium.headers IS
    'Trace and correlation ids that travel with the event.';
COMMENT ON COLUMN ticketing.outbox_debezium."version" IS
    'Version of the payload''s structure.';
COMMENT ON COLUMN ticketing.outbox_debezium."timestamp" IS
    'When the event was written.';
COMMENT ON COLUMN ticketing.outbox_debezium.tenantid IS
    'Tenant that owns the event.';
COMMENT ON COLUMN ticketing.outbox_debezium.seq IS
    'Order of insertion, which is not the order of commit.';

GRANT SELECT ON ticketing.outbox_debezium TO ticketing_app, ticketing_worker;
