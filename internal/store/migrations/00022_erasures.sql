-- What processors are told to delete at the end of retention, and what became of it.
-- +goose Up

CREATE TABLE erasure (
    incident     text NOT NULL REFERENCES incident,
    provider     text NOT NULL,
    how          text NOT NULL CHECK (how IN ('delete','redact','request','nothing')),
    messages     bigint NOT NULL CHECK (messages >= 0),
    began_at     timestamptz NOT NULL,
    done_at      timestamptz,
    requested_at timestamptz,
    requested_by text NOT NULL DEFAULT '',
    reference    text NOT NULL DEFAULT '',
    PRIMARY KEY (incident, provider)
);

-- One row a message that the provider has an id of its own for. Ids are opaque.
CREATE TABLE erasure_item (
    incident text NOT NULL,
    provider text NOT NULL,
    ref      text NOT NULL,
    state    text NOT NULL DEFAULT 'open' CHECK (state IN ('open','deleted','kept')),
    tries    integer NOT NULL DEFAULT 0,
    next_at  timestamptz NOT NULL,
    detail   text NOT NULL DEFAULT '',
    PRIMARY KEY (incident, provider, ref),
    FOREIGN KEY (incident, provider) REFERENCES erasure (incident, provider)
);
CREATE INDEX erasure_open ON erasure_item (next_at) WHERE state = 'open';
