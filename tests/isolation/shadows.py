"""Objects that an attacker puts in front of ours, each of which tells when it is used."""

from __future__ import annotations

from support.session import Session

# What the caller sets before the call; pg_temp in front is what an attacker can always have.
PATH = "pg_temp, shadow, ticketing, pg_catalog"
RAN = "shadow ran as"

# A caller may own a schema and have functions there. Polymorphic and variadic ones cannot be told
# from ours by their arguments, so nobody is served by shadowing them.
FUNCTIONS = """
SELECT
    p.proname AS name,
    array_to_string(
        ARRAY(
            SELECT format_type(a.type, NULL)
            FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, place)
            ORDER BY a.place
        ),
        ', '
    ) AS arguments,
    format_type(p.prorettype, NULL) AS result
FROM pg_proc AS p
WHERE
    p.prokind = 'f'
    AND NOT p.proretset
    AND p.provariadic = 0
    AND NOT EXISTS (
        SELECT FROM pg_type AS t
        WHERE (t.oid = p.prorettype OR t.oid = ANY (p.proargtypes)) AND t.typtype = 'p'
    )
    AND (
        p.pronamespace = 'ticketing'::regnamespace
        OR p.pronamespace = 'pg_catalog'::regnamespace
        AND p.proname = ANY (
            SELECT DISTINCT w.word[1]
            FROM pg_proc AS f, regexp_matches(f.prosrc, '([a-z_0-9]+)\\(', 'g') AS w (word)
            WHERE f.pronamespace = 'ticketing'::regnamespace
        )
    )
"""
OPERATORS = """
SELECT
    o.oid AS number,
    o.oprname AS name,
    format_type(o.oprleft, NULL) AS left,
    format_type(o.oprright, NULL) AS right,
    format_type(o.oprresult, NULL) AS result
FROM pg_operator AS o
WHERE
    o.oprnamespace = 'pg_catalog'::regnamespace
    AND o.oprkind = 'b'
    AND o.oprleft = ANY (%s::regtype[])
    AND o.oprright = ANY (%s::regtype[])
    AND o.oprresult = ANY (%s::regtype[])
"""
RELATIONS = """
SELECT c.relname AS name FROM pg_class AS c
WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('r', 'p', 'v')
"""
TYPES = ["uuid", "text", "bool", "int4", "int8", "numeric", "timestamptz", "interval", "jsonb"]
BODY = f"""
    LANGUAGE plpgsql AS $$
    BEGIN RAISE NOTICE '{RAN} %', current_user; RETURN NULL; END $$
"""


def cast_shadows(session: Session) -> int:
    """Makes a schema of functions and operators, and temporary views and types.

    Args:
        session: the superuser's, in a transaction that is rolled back.

    Returns:
        How many there are.
    """
    made = [
        "CREATE SCHEMA shadow",
        "GRANT USAGE ON SCHEMA shadow TO PUBLIC",
        f"CREATE FUNCTION shadow.ran() RETURNS pg_catalog.bool LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE NOTICE '{RAN} %', current_user; RETURN TRUE; END $$",
    ]
    for found in session.all(FUNCTIONS):
        made.append(
            f'CREATE FUNCTION shadow."{found["name"]}"({found["arguments"]}) '
            f"RETURNS {found['result']} {BODY}"
        )
    for found in session.all(OPERATORS, TYPES, TYPES, TYPES):
        function = f"shadow.operator_{found['number']}"
        made += [
            f"CREATE FUNCTION {function}({found['left']}, {found['right']}) "
            f"RETURNS {found['result']} {BODY}",
            f"CREATE OPERATOR shadow.{found['name']} (LEFTARG = {found['left']}, "
            f"RIGHTARG = {found['right']}, FUNCTION = {function})",
        ]
    # A view reads as its owner: a function that took it for the table would see every tenant.
    for found in session.all(RELATIONS):
        made += [
            f"CREATE TEMP VIEW {found['name']} AS "
            f"SELECT * FROM ticketing.{found['name']} WHERE shadow.ran()",
            f"GRANT ALL ON pg_temp.{found['name']} TO PUBLIC",
        ]
    made += [
        f"CREATE DOMAIN pg_temp.{name} AS pg_catalog.{name} CHECK (shadow.ran())" for name in TYPES
    ]
    session.run("; ".join(made))
    return len(made)
