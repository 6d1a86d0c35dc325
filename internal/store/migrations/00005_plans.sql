-- What is approved, by its hash, and who approved it.
-- +goose Up

CREATE TABLE notice (
    incident text NOT NULL REFERENCES incident,
    sha256   text NOT NULL,
    kind     text NOT NULL,
    channel  text NOT NULL,
    locale   text NOT NULL,
    variant  text NOT NULL,
    reviewed boolean NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (incident, sha256)
);

CREATE TABLE plan (
    incident   text NOT NULL,
    wave       integer NOT NULL,
    revision   integer NOT NULL,
    hash       text NOT NULL,
    body       bytea NOT NULL, -- the bytes that the hash covers
    state      text NOT NULL CHECK (state IN ('awaiting_approval','approved','returned','void')),
    author     text NOT NULL,
    created_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    comment    text NOT NULL DEFAULT '',
    PRIMARY KEY (incident, wave, revision),
    UNIQUE (incident, hash),
    FOREIGN KEY (incident, wave) REFERENCES wave (incident, no)
);

CREATE TABLE approval (
    incident  text NOT NULL REFERENCES incident,
    wave      integer NOT NULL,
    revision  integer NOT NULL,
    plan_hash text NOT NULL,
    author    text NOT NULL,
    approver  text NOT NULL CHECK (approver <> author),
    at        timestamptz NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (incident, wave, plan_hash)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
