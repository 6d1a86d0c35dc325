-- Those whom no channel reached are tried again because a person decided so.
-- +goose Up

CREATE TABLE try_again (
    id       text PRIMARY KEY,
    incident text NOT NULL REFERENCES incident,
    reason   text NOT NULL, -- only those whose outcome has this reason; empty: all
    channel  text NOT NULL, -- only by this channel; empty: by all
    by_actor text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX try_again_incident ON try_again (incident);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON try_again
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Up to which try the failures of one way do not count any more. Tries are compared, never instants: clocks of
-- machines differ. Somebody of whom nothing was tried has one row without a way.
CREATE TABLE fresh_start (
    incident  text NOT NULL,
    person    bigint NOT NULL,
    decision  text NOT NULL,
    addressee text NOT NULL,
    channel   text NOT NULL,
    try       integer NOT NULL,
    was       text NOT NULL, -- the outcome before
    PRIMARY KEY (incident, person, decision, addressee, channel)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fresh_start
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
