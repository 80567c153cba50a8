CREATE TRIGGER trg_events_60_refresh_passes
AFTER UPDATE ON ticketing.events
FOR EACH ROW
WHEN (
    old.name IS DISTINCT FROM new.name
    OR old.starts_at IS DISTINCT FROM new.starts_at
    OR old.ends_at IS DISTINCT FROM new.ends_at
    OR old.timezone IS DISTINCT FROM new.timezone
    OR old.venue_id IS DISTINCT FROM new.venue_id
    OR (
        old.status IS DISTINCT FROM new.status
        AND new.status IN ('postponed', 'cancelled')
    )
)
EXECUTE FUNCTION ticketing.refresh_event_passes();

COMMENT ON TRIGGER trg_events_60_refresh_passes ON ticketing.events IS
    'Has the passes of an event built anew when its name, time or place changes, or when it is '
    'postponed or cancelled.';
