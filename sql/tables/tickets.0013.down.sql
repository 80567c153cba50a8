ALTER TABLE ticketing.tickets DROP COLUMN external_version;
