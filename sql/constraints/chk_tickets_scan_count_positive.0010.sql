ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_scan_count_positive CHECK (
        scan_count >= 0
        AND check_in_round >= 1
        AND credential_version >= 1
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_scan_count_positive ON ticketing.tickets IS
    'Entries count from 0, rounds of admission and codes from 1.';
