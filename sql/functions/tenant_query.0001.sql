CREATE OR REPLACE FUNCTION ticketing.tenant_query(
    p_tenant_id uuid,
    p_words text
)
RETURNS tsquery
LANGUAGE plpgsql
IMMUTABLE STRICT
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Shorter ones are whole words: seat 7 is not seat 70, and one letter is no search.
    c_shortest_beginning CONSTANT integer := 3;
    c_longest_word CONSTANT integer := 200;
    v_prefix text := p_tenant_id::text || ':';
    v_typed text := lower(regexp_replace(p_words, '\s+$', ''));
    v_word text;
    v_end text;
    v_terms text[] := '{}'::text[];
BEGIN
    FOREACH v_word IN ARRAY tsvector_to_array(to_tsvector('simple', p_words)) LOOP
        v_word := left(v_word, c_longest_word);
        v_end := '';

        -- More than one word may end the text: vip-gol is read as vip-gol, vip and gol.
        IF right(v_typed, length(v_word)) = v_word
            AND length(ltrim(v_word, '-')) >= c_shortest_beginning
        THEN
            v_end := ':*';
        END IF;

        -- Between quotes nothing but the quote and the backslash means anything, and the tenant
        -- stands between the same quotes as the word: no word leaves its tenant.
        v_word := replace(replace(v_word, '\', '\\'), '''', '''''');

        -- The parser takes the hyphen of TKT-0042 for a minus, and nobody types 0042 with one.
        v_terms := v_terms || format(
            CASE WHEN v_word ~ '^-?[0-9]'
                THEN '(''%1$s%2$s''%3$s | ''%1$s-%2$s''%3$s)'
                ELSE '''%1$s%2$s''%3$s'
            END,
            v_prefix,
            CASE WHEN v_word ~ '^-[0-9]' THEN ltrim(v_word, '-') ELSE v_word END,
            v_end
        );
    END LOOP;

    RETURN nullif(array_to_string(v_terms, ' & '), '')::tsquery;
END;
$function$;

COMMENT ON FUNCTION ticketing.tenant_query(uuid, text) IS
    'What a person typed, as a query for tenant_lexemes: every word must be there, the one that '
    'ends the text also as the beginning of a longer one if it has three characters. A number '
    'matches with and without a hyphen before it. Operators, quotes and colons have no meaning. '
    'NULL when there is no word in the text.';

GRANT EXECUTE ON FUNCTION ticketing.tenant_query(uuid, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
