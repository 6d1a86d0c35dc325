-- The hash chain of each incident, which is also its timeline.
-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- data is text, not jsonb: the hash covers its bytes.
CREATE TABLE audit (
    incident text NOT NULL REFERENCES incident,
    seq      bigint NOT NULL,
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    action   text NOT NULL,
    data     text NOT NULL,
    note_key text,
    prev     text NOT NULL,
    hash     text NOT NULL,
    PRIMARY KEY (incident, seq)
);
CREATE UNIQUE INDEX audit_once ON audit (incident, note_key) WHERE note_key IS NOT NULL;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Locked for every append, so that two writers cannot fork the chain.
CREATE TABLE audit_head (
    incident text PRIMARY KEY REFERENCES incident,
    seq      bigint NOT NULL,
    hash     text NOT NULL
);
