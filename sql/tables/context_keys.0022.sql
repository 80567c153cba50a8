CREATE TABLE ticketing.context_keys (
    key_id text NOT NULL,
    inner_pad bytea,
    outer_pad bytea,
    seal_inner_pad bytea,
    seal_outer_pad bytea,
    valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_until timestamptz,
    retired_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_context_keys PRIMARY KEY (key_id),
    CONSTRAINT chk_context_keys_key_id CHECK (key_id ~ '^[A-Za-z0-9_-]{1,63}$'),
    CONSTRAINT chk_context_keys_pads CHECK (
        octet_length(inner_pad) = 64
        AND octet_length(outer_pad) = 64
        AND octet_length(seal_inner_pad) = 64
        AND octet_length(seal_outer_pad) = 64
    ),
    CONSTRAINT chk_context_keys_retired CHECK (
        num_nonnulls(inner_pad, outer_pad, seal_inner_pad, seal_outer_pad)
        = CASE WHEN retired_at IS NULL THEN 4 ELSE 0 END
    ),
    CONSTRAINT chk_context_keys_valid_until CHECK (valid_until > valid_from)
);

-- Statistics would be a second copy of the secrets.
ALTER TABLE ticketing.context_keys
    ALTER COLUMN inner_pad SET STATISTICS 0,
    ALTER COLUMN outer_pad SET STATISTICS 0,
    ALTER COLUMN seal_inner_pad SET STATISTICS 0,
    ALTER COLUMN seal_outer_pad SET STATISTICS 0;

ALTER TABLE ticketing.context_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.context_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.context_keys IS
    'One row is one key with which an application signs the context of a transaction. Written by '
    'add_context_key() and retire_context_key(), read by functions that run as ticketing_owner, '
    'granted to nobody: whoever reads a row can work for every tenant. So can whoever reads a '
    'backup or a dump; after such a leak add a new key and retire the old one.';
COMMENT ON COLUMN ticketing.context_keys.key_id IS
    'Name of the key, which tokens carry in the clear. Never used a second time.';
COMMENT ON COLUMN ticketing.context_keys.inner_pad IS
    'The secret of the application with the inner padding of HMAC (RFC 2104), so that a check '
    'needs two hashes and nothing else. As secret as the secret; NULL once retired.';
COMMENT ON COLUMN ticketing.context_keys.outer_pad IS
    'The secret of the application with the outer padding of HMAC; NULL once retired.';
COMMENT ON COLUMN ticketing.context_keys.seal_inner_pad IS
    'A random secret of this database with the inner padding of HMAC. With it the database seals '
    'a context that it has accepted, for one transaction. NULL once retired.';
COMMENT ON COLUMN ticketing.context_keys.seal_outer_pad IS
    'The random secret of this database with the outer padding of HMAC; NULL once retired.';
COMMENT ON COLUMN ticketing.context_keys.valid_from IS
    'Tokens are refused before this moment.';
COMMENT ON COLUMN ticketing.context_keys.valid_until IS
    'New tokens are refused from this moment on; NULL means until the key is retired.';
COMMENT ON COLUMN ticketing.context_keys.retired_at IS
    'When the key was retired: its secrets are gone, its tokens refused and the contexts that were '
    'opened with it void. NULL while it is in use.';
COMMENT ON COLUMN ticketing.context_keys.created_at IS
    'When add_context_key wrote the row; a retired key keeps it.';
COMMENT ON CONSTRAINT pk_context_keys ON ticketing.context_keys IS
    'One key of a name, the retired ones included.';
COMMENT ON CONSTRAINT chk_context_keys_key_id ON ticketing.context_keys IS
    'A name is 1 to 63 letters, digits, hyphens and underscores, so that it stands in a token as '
    'it is.';
COMMENT ON CONSTRAINT chk_context_keys_pads ON ticketing.context_keys IS
    'A padded key fills one block of SHA-256, which is 64 bytes.';
COMMENT ON CONSTRAINT chk_context_keys_retired ON ticketing.context_keys IS
    'A key in use has all its secrets, a retired one none.';
COMMENT ON CONSTRAINT chk_context_keys_valid_until ON ticketing.context_keys IS
    'The time of a key ends after it begins.';
