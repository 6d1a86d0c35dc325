-- The affected people. Written once by COPY, never updated by sending.
-- +goose Up

CREATE TABLE wave (
    incident   text NOT NULL REFERENCES incident,
    no         integer NOT NULL CHECK (no > 0),
    people     bigint NOT NULL,
    duplicates bigint NOT NULL,
    digest     text NOT NULL,
    format     text NOT NULL,
    encoding   text NOT NULL,
    sha256     text NOT NULL, -- of the file as it was loaded
    loaded_by  text NOT NULL,
    loaded_at  timestamptz NOT NULL,
    PRIMARY KEY (incident, no)
);

-- Only what counting and planning need is readable; the rest is in sealed. The keyed hashes are personal
-- data too: their key goes when the data goes. Their types and the order of the unique key are chosen for
-- fast loading. There is no index on ref: it is a keyed permutation of id, and is turned back.
CREATE TABLE recipient (
    incident   text NOT NULL,
    id         bigint NOT NULL,
    wave       integer NOT NULL,
    ref        text NOT NULL,
    locale     text NOT NULL,
    country    text NOT NULL,
    minor      boolean NOT NULL,
    guardian   boolean NOT NULL,  -- the guardian is the one who is addressed
    channels   smallint NOT NULL, -- usable ones, a bit each: email, sms, push, voice, letter
    person_key uuid NOT NULL,
    email_hash bigint,
    phone_hash bigint,
    sealed     bytea NOT NULL,
    PRIMARY KEY (incident, id),
    UNIQUE (person_key, incident)
) PARTITION BY HASH (incident);
CREATE INDEX recipient_email ON recipient (email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX recipient_phone ON recipient (phone_hash) WHERE phone_hash IS NOT NULL;

-- +goose StatementBegin
DO $$
BEGIN
    FOR i IN 0..15 LOOP
        EXECUTE format('CREATE TABLE recipient_%s PARTITION OF recipient FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
    END LOOP;
END $$;
-- +goose StatementEnd

-- A block is locked by whoever changes the outcome of one of its people. The CHECK makes the tally add
-- up to the people at every instant; that it is the right tally is what CheckInvariant recounts.
CREATE TABLE block (
    incident                text NOT NULL REFERENCES incident,
    no                      bigint NOT NULL,
    wave                    integer NOT NULL,
    lo                      bigint NOT NULL,
    hi                      bigint NOT NULL,
    people                  bigint NOT NULL,
    digest                  text NOT NULL,
    pending                 bigint NOT NULL CHECK (pending >= 0),
    reached                 bigint NOT NULL DEFAULT 0 CHECK (reached >= 0),
    attempted               bigint NOT NULL DEFAULT 0 CHECK (attempted >= 0),
    unreachable             bigint NOT NULL DEFAULT 0 CHECK (unreachable >= 0),
    covered_by_announcement bigint NOT NULL DEFAULT 0 CHECK (covered_by_announcement >= 0),
    exempt                  bigint NOT NULL DEFAULT 0 CHECK (exempt >= 0),
    held                    bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    withdrawn               bigint NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
    PRIMARY KEY (incident, no),
    FOREIGN KEY (incident, wave) REFERENCES wave (incident, no),
    CHECK (pending + reached + attempted + unreachable + covered_by_announcement + exempt + held + withdrawn = people)
) WITH (fillfactor = 50);

-- The outcome of a person is their last row; a person without a row is pending.
CREATE TABLE person_outcome (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text NOT NULL,
    person   bigint NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN
        ('pending','reached','attempted','unreachable','covered_by_announcement','exempt','held','withdrawn')),
    reason   text NOT NULL,
    by_actor text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX person_outcome_last ON person_outcome (incident, person, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON person_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE refusal (
    incident text NOT NULL REFERENCES incident,
    person   bigint NOT NULL,
    channel  text NOT NULL,
    provider text NOT NULL,
    reason   text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (incident, person, channel, provider)
);

-- Questions from people, with their clock. What they wrote is sealed.
CREATE TABLE inquiry (
    id          text PRIMARY KEY,
    incident    text NOT NULL REFERENCES incident,
    person      bigint,
    sealed      bytea NOT NULL,
    received_at timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    answered_at timestamptz
);
