CREATE OR REPLACE FUNCTION ticketing.sync_replica()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_table CONSTANT text := TG_ARGV[0];
    c_columns CONSTANT jsonb := coalesce(TG_ARGV[1], '{}')::jsonb;
    v_source jsonb := to_jsonb(NEW);
    v_row jsonb;
BEGIN
    SELECT v_source || coalesce(jsonb_object_agg(m.key, v_source -> m.value), '{}'::jsonb)
    INTO v_row
    FROM jsonb_each_text(c_columns) AS m;

    PERFORM ticketing.apply_replica(c_table, v_row);
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.sync_replica() IS
    'AFTER INSERT OR UPDATE row trigger for a table of another service in the same database, '
    'attached by its DBA: copies the row into the table that the first argument names. The second '
    'is optional: which of the source''s columns stand for ours, as JSON, such as '
    '{"tenant_id": "org_id", "version": "row_version"}. The source must raise its version with '
    'every update. It runs as whoever writes there, who must be a member of ticketing_worker.';
