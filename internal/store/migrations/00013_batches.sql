-- People of whom nothing is recorded yet are decided on by kind: two with one number are alike in all that a
-- decision looks at. The numbers are given out in the order of a list and say nothing by themselves.
-- +goose Up

ALTER TABLE recipient ADD COLUMN kind integer NOT NULL DEFAULT 0; -- 0: not known, look at the person

-- The numbers hold for these ages alone; of an earlier list they are not known.
ALTER TABLE wave ADD COLUMN child_age integer, ADD COLUMN ages_on date;

-- What a commit says of the people of one block is one row for all of whom it says the same, with parallel arrays,
-- as intents are. version is the one that the block gets with it: who appends has seen all that was appended
-- before, or fails. places are the people's in their block, from 0; later are microseconds after at.
ALTER TABLE outcome RENAME TO old_outcome;
CREATE TABLE outcome (
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    incident    text NOT NULL,
    block       bigint NOT NULL,
    version     bigint NOT NULL,
    part        integer NOT NULL,
    addressee   text NOT NULL CHECK (addressee IN ('self','guardian')),
    channel     text NOT NULL,
    try         integer NOT NULL,
    state       text NOT NULL CHECK (state IN
        ('handed_over','accepted','delivered','failed_temporary','failed_permanent','unknown','reconciled')),
    settlement  text NOT NULL CHECK (settlement IN ('','confirmed','repeated','not_knowable')),
    moved_from  text,
    reason      text NOT NULL,
    provider    text NOT NULL,
    epoch       integer NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    places      smallint[] NOT NULL,
    later       integer[] NOT NULL,
    details     text[], -- NULL where nobody has any, and so refs
    refs        text[],
    PRIMARY KEY (incident, block, version, part),
    CHECK ((state = 'reconciled') = (settlement <> '')),
    CHECK (cardinality(places) BETWEEN 1 AND 1000 AND cardinality(later) = cardinality(places)
        AND coalesce(cardinality(details), cardinality(places)) = cardinality(places)
        AND coalesce(cardinality(refs), cardinality(places)) = cardinality(places))
);
INSERT INTO outcome (incident, block, version, part, addressee, channel, try, state, settlement, moved_from, reason, provider,
        epoch, at, recorded_at, places, later, details, refs)
    SELECT incident, (person - 1) / 1000 + 1, 0, row_number() OVER (PARTITION BY incident, (person - 1) / 1000 ORDER BY seq),
        addressee, channel, try, state, settlement, moved_from, reason, provider, epoch, at, recorded_at,
        ARRAY[((person - 1) % 1000)::smallint], ARRAY[0], ARRAY[detail], ARRAY[provider_ref]
    FROM old_outcome ORDER BY seq;
DROP TABLE old_outcome;
CREATE INDEX outcome_unknown ON outcome (incident, block) WHERE state = 'unknown';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One row a person, in the order of seq. Name the block too, and it is found by the key.
CREATE VIEW outcome_each AS
    SELECT o.seq * 1000 + u.n AS seq, o.incident, o.block, (o.block - 1) * 1000 + u.place + 1 AS person, o.addressee, o.channel, o.try,
        o.state, o.settlement, o.moved_from, o.reason, coalesce(u.detail, '') AS detail, o.provider, coalesce(u.ref, '') AS provider_ref,
        o.epoch, o.at + u.later * interval '1 microsecond' AS at, o.recorded_at
    FROM outcome o CROSS JOIN LATERAL unnest(o.places, o.later, o.details, o.refs) WITH ORDINALITY u(place, later, detail, ref, n);

-- The outcome of a person is the last that one of these says of them; of whom none does is pending.
ALTER TABLE person_outcome RENAME TO old_person_outcome;
CREATE TABLE person_outcome (
    seq      bigint GENERATED ALWAYS AS IDENTITY,
    incident text NOT NULL,
    block    bigint NOT NULL,
    version  bigint NOT NULL,
    part     integer NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN
        ('pending','reached','attempted','unreachable','covered_by_announcement','exempt','held','withdrawn')),
    reason   text NOT NULL,
    by_actor text NOT NULL,
    at       timestamptz NOT NULL,
    places   smallint[] NOT NULL,
    later    integer[] NOT NULL,
    PRIMARY KEY (incident, block, version, part),
    CHECK (cardinality(places) BETWEEN 1 AND 1000 AND cardinality(later) = cardinality(places))
);
INSERT INTO person_outcome (incident, block, version, part, outcome, reason, by_actor, at, places, later)
    SELECT incident, (person - 1) / 1000 + 1, 0, row_number() OVER (PARTITION BY incident, (person - 1) / 1000 ORDER BY seq),
        outcome, reason, by_actor, at, ARRAY[((person - 1) % 1000)::smallint], ARRAY[0]
    FROM old_person_outcome ORDER BY seq;
DROP TABLE old_person_outcome;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON person_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE VIEW person_outcome_each AS
    SELECT o.seq * 1000 + u.n AS seq, o.incident, o.block, (o.block - 1) * 1000 + u.place + 1 AS person, o.outcome, o.reason, o.by_actor,
        o.at + u.later * interval '1 microsecond' AS at
    FROM person_outcome o CROSS JOIN LATERAL unnest(o.places, o.later) WITH ORDINALITY u(place, later, n);

-- Intents of one batch have the instant and the number of the try in common.
ALTER TABLE intent RENAME TO old_intent;
DROP INDEX intent_block;
CREATE TABLE intent (
    seq       bigint GENERATED ALWAYS AS IDENTITY,
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
    try       integer NOT NULL,
    at        timestamptz NOT NULL,
    places    smallint[] NOT NULL,
    attempts  text[] NOT NULL,
    CHECK (cardinality(places) = cardinality(attempts))
);
INSERT INTO intent (incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, try, at, places, attempts)
    SELECT incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, u.try, u.at,
        array_agg(((u.person - 1) % 1000)::smallint ORDER BY u.n), array_agg(u.attempt ORDER BY u.n)
    FROM old_intent i, unnest(i.persons, i.tries, i.attempts, i.ats) WITH ORDINALITY u(person, try, attempt, at, n)
    GROUP BY i.seq, incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, u.try, u.at ORDER BY i.seq, min(u.n);
UPDATE attempt_ref r SET intent = i.seq FROM (SELECT seq, unnest(attempts) AS id FROM intent) i WHERE i.id = r.id;
DROP TABLE old_intent;
ALTER TABLE intent ADD PRIMARY KEY (seq);
CREATE INDEX intent_block ON intent (incident, block, channel, round);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON intent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- By what people are looked up is kept by the block too: a look reads all of them, and a load fills no index in
-- random order. A number stands at the person's place in the block, from 1; 0 is none. They are keyed hashes.
CREATE TABLE contact (
    incident text NOT NULL,
    block    bigint NOT NULL,
    emails   integer[] NOT NULL,
    phones   integer[] NOT NULL,
    PRIMARY KEY (incident, block),
    FOREIGN KEY (incident, block) REFERENCES block (incident, no)
);
INSERT INTO contact
    SELECT incident, (id - 1) / 1000 + 1,
        array_agg(CASE WHEN email_hash IS NULL THEN 0 WHEN email_hash >> 32 = 0 THEN 1 ELSE email_hash >> 32 END::integer ORDER BY id),
        array_agg(CASE WHEN phone_hash IS NULL THEN 0 WHEN phone_hash >> 32 = 0 THEN 1 ELSE phone_hash >> 32 END::integer ORDER BY id)
    FROM recipient GROUP BY 1, 2;
ALTER TABLE recipient DROP COLUMN email_hash, DROP COLUMN phone_hash;
