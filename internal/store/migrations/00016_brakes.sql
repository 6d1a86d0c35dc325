-- Stages of a send, what its guard counts, and the brakes that hold what is sick.
-- +goose Up

CREATE TABLE stage (
    incident text NOT NULL REFERENCES incident,
    wave     integer NOT NULL,
    name     text NOT NULL CHECK (name IN ('canary','ramp','full')),
    people   bigint NOT NULL CHECK (people >= 0), -- 0 is everybody
    since    timestamptz NOT NULL,
    PRIMARY KEY (incident, wave)
);

-- Running counts, one row a process and place, so that nobody waits for another. They are what the guard
-- remembers, not a record: the record is in outcome. Reason '' counts messages that somebody gave a word on.
-- A domain is named only when many share it.
CREATE TABLE health (
    incident text NOT NULL REFERENCES incident,
    owner    text NOT NULL,
    channel  text NOT NULL,
    provider text NOT NULL,
    domain   text NOT NULL,
    reason   text NOT NULL,
    n        bigint NOT NULL,
    PRIMARY KEY (incident, owner, channel, provider, domain, reason)
);

CREATE TABLE brake (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident  text NOT NULL REFERENCES incident,
    kind      text NOT NULL CHECK (kind IN ('gate','stop','warn')),
    wave      integer NOT NULL,
    stage     text NOT NULL,
    channel   text NOT NULL,
    provider  text NOT NULL,
    domain    text NOT NULL,
    out       bigint NOT NULL,
    failed    bigint NOT NULL,
    reason    text NOT NULL,
    at        timestamptz NOT NULL,
    lifted_at timestamptz,
    lifted_by text
);
CREATE UNIQUE INDEX brake_place ON brake (incident, kind, wave, stage, channel, provider, domain) WHERE lifted_at IS NULL;
