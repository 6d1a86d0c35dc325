-- Processes that send announce themselves here once a second, each in rows of its own, and share the limits of a
-- provider. What a crash of the database takes is announced again: the table is not logged.
-- +goose Up

CREATE UNLOGGED TABLE sender (
    provider   text NOT NULL,
    owner      text NOT NULL,
    began      timestamptz NOT NULL, -- of the demand that lasts
    seen_at    timestamptz NOT NULL,
    demand     boolean NOT NULL,
    per_second double precision NOT NULL, -- as its policies limit all processes together, 0: not
    state      text NOT NULL CHECK (state IN ('closed','open','half_open')),
    since      timestamptz,
    reason     text NOT NULL,
    PRIMARY KEY (provider, owner)
);
