-- What the law wants, per fact revision, and the exact bytes of the rules behind it.
-- +goose Up

CREATE TABLE rule_pack (
    sha256        text PRIMARY KEY,
    body          bytea NOT NULL,
    first_used_at timestamptz NOT NULL
);

CREATE TABLE assessment (
    incident text NOT NULL REFERENCES incident,
    revision integer NOT NULL,
    body     bytea NOT NULL, -- the whole judgement as JSON
    packs    text[] NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (incident, revision)
);

-- One table for both kinds of step: a judgement gives a verdict, work on the duty gives a state.
CREATE TABLE obligation (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident   text NOT NULL REFERENCES incident,
    obligation text NOT NULL,
    revision   integer,
    verdict    text CHECK (verdict IN ('applies','does_not_apply','cannot_tell')),
    due_at     timestamptz,
    rules      text,
    state      text CHECK (state IN ('drafting','awaiting_approval','filed','acknowledged','closed')),
    reason     text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL,
    CHECK ((verdict IS NULL) <> (state IS NULL))
);
CREATE INDEX obligation_steps ON obligation (incident, obligation, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON obligation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Typed reasons to wait, with who asked and until when.
CREATE TABLE hold (
    id          text PRIMARY KEY,
    incident    text NOT NULL REFERENCES incident,
    kind        text NOT NULL,
    reference   text NOT NULL,
    obligations text[] NOT NULL,
    channels    text[] NOT NULL,
    by_actor    text NOT NULL,
    at          timestamptz NOT NULL,
    until       timestamptz,
    released_at timestamptz
);
