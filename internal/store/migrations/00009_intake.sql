-- What detectors sent. The unique row decides which of a thousand equal ones opens the incident.
-- +goose Up

-- The de-duplication key is kept as a hash: detectors put names and addresses into it.
CREATE TABLE detection (
    source      text NOT NULL,
    dedup_hash  bytea NOT NULL,
    incident    text NOT NULL REFERENCES incident DEFERRABLE INITIALLY DEFERRED,
    kind        text NOT NULL,
    at          timestamptz,
    received_at timestamptz NOT NULL,
    sealed      bytea NOT NULL, -- event id, subject, raw bytes
    PRIMARY KEY (source, dedup_hash)
);

-- The later ones: evidence, not incidents.
CREATE TABLE detection_repeat (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    dedup_hash  bytea NOT NULL,
    incident    text NOT NULL,
    kind        text NOT NULL,
    at          timestamptz,
    received_at timestamptz NOT NULL,
    sealed      bytea NOT NULL
);
CREATE INDEX detection_repeat_incident ON detection_repeat (incident);
