-- Alembic makes the table itself, before the first revision runs.
COMMENT ON TABLE ticketing.alembic_version IS
    'The revision this schema stands at: one row, written by the migration runner alone. '
    'Services compare it with the revision they need.';
COMMENT ON COLUMN ticketing.alembic_version.version_num IS
    'Identifier of the revision that was applied last, such as 0001.';
COMMENT ON CONSTRAINT alembic_version_pkc ON ticketing.alembic_version IS
    'A revision stands in the table once.';

GRANT SELECT ON ticketing.alembic_version TO ticketing_app, ticketing_worker, ticketing_readonly;
