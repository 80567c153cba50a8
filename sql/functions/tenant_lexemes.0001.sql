CREATE OR REPLACE FUNCTION ticketing.tenant_lexemes(
    p_tenant_id uuid,
    p_vector tsvector
)
RETURNS tsvector
LANGUAGE plpgsql
IMMUTABLE STRICT
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- array_to_tsvector() checks no limits and makes a broken value of too long a word (2,047
    -- bytes) or too many (1 MB). A thousand words of 200 characters of at most four bytes, and the
    -- tenant before each, stay below both.
    c_most_words CONSTANT integer := 1000;
    c_longest_word CONSTANT integer := 200;
    v_prefix text := p_tenant_id::text || ':';
    v_words text[] := (tsvector_to_array(p_vector))[1:c_most_words];
BEGIN
    FOR i IN 1 .. cardinality(v_words) LOOP
        v_words[i] := v_prefix || left(v_words[i], c_longest_word);
    END LOOP;

    RETURN array_to_tsvector(v_words);
END;
$function$;

COMMENT ON FUNCTION ticketing.tenant_lexemes(uuid, tsvector) IS
    'The words of a vector, each behind its tenant (<tenant>:<word>), without positions; what '
    'idx_tickets_search_vector holds, so that a search touches the words of one tenant alone. Only '
    'the first 1000 words, and of each the first 200 characters. A change of what it returns needs '
    'a new index: the old one would keep what it was built with.';

-- An index expression runs with the rights of whoever inserts the row.
GRANT EXECUTE ON FUNCTION ticketing.tenant_lexemes(uuid, tsvector)
TO ticketing_app, ticketing_worker, ticketing_readonly;
