-- Lease, intend, send, record.
-- +goose Up

CREATE TABLE chunk (
    incident    text NOT NULL,
    wave        integer NOT NULL,
    channel     text NOT NULL,
    round       integer NOT NULL,
    block       bigint NOT NULL,
    done        boolean NOT NULL DEFAULT false,
    owner       text NOT NULL DEFAULT '',
    epoch       integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (incident, wave, channel, round, block),
    FOREIGN KEY (incident, block) REFERENCES block (incident, no)
);

-- One row per handed-out batch and text, not per person. The arrays are parallel.
CREATE TABLE intent (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident  text NOT NULL,
    wave      integer NOT NULL,
    channel   text NOT NULL,
    round     integer NOT NULL,
    block     bigint NOT NULL,
    owner     text NOT NULL,
    epoch     integer NOT NULL,
    addressee text NOT NULL CHECK (addressee IN ('self','guardian')),
    provider  text NOT NULL,
    text_hash text NOT NULL,
    persons   bigint[] NOT NULL,
    tries     integer[] NOT NULL,
    attempts  text[] NOT NULL,
    ats       timestamptz[] NOT NULL,
    CHECK (cardinality(persons) = cardinality(tries) AND cardinality(persons) = cardinality(attempts)
        AND cardinality(persons) = cardinality(ats))
);
CREATE INDEX intent_block ON intent (incident, block, channel, round);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON intent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- From the opaque id in a provider's callback to the intent that holds it.
CREATE TABLE attempt_ref (
    id     text PRIMARY KEY,
    intent bigint NOT NULL
);

-- What happened to attempts, in the order of arrival. moved_from is the state that the event moved the
-- attempt out of; it is empty for events that came too late to move anything (a receipt overtaken by a
-- newer one), which are kept all the same.
CREATE TABLE outcome (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident     text NOT NULL,
    person       bigint NOT NULL,
    addressee    text NOT NULL CHECK (addressee IN ('self','guardian')),
    channel      text NOT NULL,
    try          integer NOT NULL,
    state        text NOT NULL CHECK (state IN
        ('handed_over','accepted','delivered','failed_temporary','failed_permanent','unknown','reconciled')),
    settlement   text NOT NULL CHECK (settlement IN ('','confirmed','repeated','not_knowable')),
    moved_from   text,
    reason       text NOT NULL,
    detail       text NOT NULL,
    provider     text NOT NULL,
    provider_ref text NOT NULL,
    epoch        integer NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'reconciled') = (settlement <> ''))
);
CREATE UNIQUE INDEX outcome_once ON outcome (incident, person, channel, addressee, try, state, settlement);
CREATE INDEX outcome_unknown ON outcome (incident, person) WHERE state = 'unknown';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every distinct thing a provider said, also about attempts that nobody here knows.
CREATE TABLE receipt (
    provider     text NOT NULL,
    attempt      text NOT NULL,
    state        text NOT NULL,
    incident     text,
    person       bigint,
    provider_ref text NOT NULL,
    reason       text NOT NULL,
    detail       text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (provider, attempt, state)
);
CREATE INDEX receipt_incident ON receipt (incident, person) WHERE incident IS NOT NULL;
