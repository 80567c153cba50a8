ALTER TABLE ticketing.tickets ADD COLUMN external_version bigint;

COMMENT ON COLUMN ticketing.tickets.external_version IS
    'Version of the ticket in external_source, or the time of its last change there as a number; '
    'an import with a lower one changes nothing. NULL when the import gave none.';

GRANT UPDATE (external_version) ON ticketing.tickets TO ticketing_app, ticketing_worker;
