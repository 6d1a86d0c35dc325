-- What calls read out while they last, and the most that was heard in each.
-- +goose Up

-- script is sealed with the incident's key and removed when the call has ended; heard counts up: 0 nothing, 1 an
-- answering machine, 2 to its end, 3 confirmed by a key.
CREATE TABLE call (
    attempt  text PRIMARY KEY,
    incident text NOT NULL REFERENCES incident,
    script   bytea,
    heard    int NOT NULL DEFAULT 0,
    at       timestamptz NOT NULL
);
