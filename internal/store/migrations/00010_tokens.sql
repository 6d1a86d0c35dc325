-- Who may call, and answers that were given already.
-- +goose Up

CREATE TABLE token (
    hash       bytea PRIMARY KEY, -- SHA-256; tokens are long and random
    actor      text NOT NULL,
    name       text NOT NULL,
    role       text NOT NULL CHECK (role IN ('responder','lead','detector','reader')),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Answers may name people: sealed.
CREATE TABLE idempotency (
    actor        text NOT NULL,
    key          text NOT NULL,
    request_hash text NOT NULL,
    status       integer NOT NULL,
    sealed       bytea NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, key)
);
