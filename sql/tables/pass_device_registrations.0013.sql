CREATE TABLE ticketing.pass_device_registrations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    pass_id uuid NOT NULL,
    device_library_id text NOT NULL,
    push_token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_pass_device_registrations PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_pass_device_registrations UNIQUE (tenant_id, pass_id, device_library_id),
    CONSTRAINT fk_pass_device_registrations_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_pass_device_registrations_pass_id FOREIGN KEY (tenant_id, pass_id)
        REFERENCES ticketing.ticket_passes (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT chk_pass_device_registrations_device CHECK (
        length(device_library_id) BETWEEN 1 AND 255
    ),
    CONSTRAINT chk_pass_device_registrations_push_token CHECK (
        length(push_token) BETWEEN 1 AND 255
    )
);

CREATE INDEX idx_pass_device_registrations_device
    ON ticketing.pass_device_registrations (tenant_id, device_library_id, pass_id);

ALTER TABLE ticketing.pass_device_registrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.pass_device_registrations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.pass_device_registrations IS
    'One row is one device that shows a pass and wants to hear of its changes. Made and deleted by '
    'the calls of Apple''s web service; a worker that delivers a pass pushes to each of its '
    'devices, and deletes those that the push service no longer knows.';
COMMENT ON COLUMN ticketing.pass_device_registrations.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.pass_device_registrations.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.pass_device_registrations.pass_id IS
    'The wallet pass of which the device wants to hear.';
COMMENT ON COLUMN ticketing.pass_device_registrations.device_library_id IS
    'Apple''s deviceLibraryIdentifier. Who knows it may ask which of the device''s passes changed, '
    'so keep it out of logs.';
COMMENT ON COLUMN ticketing.pass_device_registrations.push_token IS
    'Address for pushes to the device; the device registers again when it changes.';
COMMENT ON COLUMN ticketing.pass_device_registrations.created_at IS
    'When the device registered first.';
COMMENT ON COLUMN ticketing.pass_device_registrations.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_pass_device_registrations ON ticketing.pass_device_registrations IS
    'One row per registration of a tenant.';
COMMENT ON CONSTRAINT uq_pass_device_registrations ON ticketing.pass_device_registrations IS
    'A device is registered once for a pass, however often it asks; covers the foreign key to '
    'passes.';
COMMENT ON CONSTRAINT fk_pass_device_registrations_tenant_id
ON ticketing.pass_device_registrations IS
    'Every registration belongs to a known tenant; a tenant cannot be deleted while it has any.';
COMMENT ON CONSTRAINT fk_pass_device_registrations_pass_id
ON ticketing.pass_device_registrations IS
    'The pass belongs to the same tenant; its registrations go with it.';
COMMENT ON CONSTRAINT chk_pass_device_registrations_device
ON ticketing.pass_device_registrations IS
    'The identifier of a device has 1 to 255 characters.';
COMMENT ON CONSTRAINT chk_pass_device_registrations_push_token
ON ticketing.pass_device_registrations IS
    'A push token has 1 to 255 characters.';
COMMENT ON INDEX ticketing.idx_pass_device_registrations_device IS
    'Serves list_changed_passes: the passes on one device.';

GRANT SELECT ON ticketing.pass_device_registrations
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT (
    tenant_id, id, pass_id, device_library_id, push_token
) ON ticketing.pass_device_registrations TO ticketing_app, ticketing_worker;
GRANT UPDATE (push_token) ON ticketing.pass_device_registrations
TO ticketing_app, ticketing_worker;
GRANT DELETE ON ticketing.pass_device_registrations TO ticketing_app, ticketing_worker;
