-- Incidents, the facts they rest on, and the keys that protect the people in them.
-- +goose Up

-- Why kept in the row: the sufficiency table decides what later receipts mean, long after the
-- request that opened the incident. started_at is empty until the workflow runs; opened_at is the clock.
CREATE TABLE incident (
    id            text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    title         text NOT NULL,
    policy        text NOT NULL,
    state         text NOT NULL CHECK (state IN ('draft','open','assessing','notifying','monitoring','closed')),
    opened_by     text NOT NULL,
    opened_at     timestamptz NOT NULL,
    aware_at      timestamptz,
    fact_revision integer NOT NULL,
    closed_at     timestamptz,
    sufficiency   jsonb NOT NULL,
    paused        boolean NOT NULL DEFAULT false,
    stopped       boolean NOT NULL DEFAULT false,
    started_at    timestamptz
);
CREATE INDEX incident_unstarted ON incident (opened_at) WHERE started_at IS NULL;

-- Every change of facts, narrative or contact is a new row; body is the whole incident file.
CREATE TABLE fact_revision (
    incident text NOT NULL REFERENCES incident,
    revision integer NOT NULL CHECK (revision > 0),
    body     jsonb NOT NULL,
    by_actor text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (incident, revision)
);

-- Both keys are wrapped by the key-encryption key, which is a file outside PostgreSQL. Destroying that
-- file, or one row, destroys what they protect.
CREATE TABLE data_key (
    incident   text PRIMARY KEY REFERENCES incident,
    sealing    bytea NOT NULL,
    hashing    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Tells a missing or foreign key file from a first start.
CREATE TABLE keyring (
    name  text PRIMARY KEY,
    proof bytea NOT NULL
);

-- Decisions of people that the workflow engine has not taken yet, in order.
CREATE TABLE command (
    seq       bigint GENERATED ALWAYS AS IDENTITY,
    id        text PRIMARY KEY,
    incident  text NOT NULL REFERENCES incident,
    name      text NOT NULL,
    payload   jsonb NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT now(),
    taken_at  timestamptz
);
CREATE INDEX command_pending ON command (seq) WHERE taken_at IS NULL;
