CREATE SCHEMA IF NOT EXISTS ticketing AUTHORIZATION ticketing_owner;

-- A login that may act as the owner need not inherit its rights.
SET LOCAL ROLE ticketing_owner;

COMMENT ON SCHEMA ticketing IS
    'Everything of the ticket service, its Alembic version table included. '
    'Owned by ticketing_owner; nothing is granted to PUBLIC.';

GRANT USAGE ON SCHEMA ticketing TO ticketing_app, ticketing_worker, ticketing_readonly;

-- PostgreSQL grants EXECUTE on every new function and USAGE on every new type to PUBLIC. A default
-- given IN SCHEMA can only add to that, so the revocation has to be the owner's own default.
ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner
REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; -- noqa: CP02
ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner
REVOKE USAGE ON TYPES FROM PUBLIC; -- noqa: CP02
