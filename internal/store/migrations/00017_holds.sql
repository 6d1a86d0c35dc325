-- Who asked people to be told later and why, the order that laws ask for, and why duties were late.
-- +goose Up

ALTER TABLE hold
    ADD COLUMN form           text NOT NULL DEFAULT '',
    ADD COLUMN asked_by       text NOT NULL DEFAULT '',
    ADD COLUMN reason         text NOT NULL DEFAULT '',
    ADD COLUMN jurisdictions  text[] NOT NULL DEFAULT '{}', -- empty: everybody, or nobody when no duty to people is held
    ADD COLUMN released_by    text NOT NULL DEFAULT '',
    ADD COLUMN release_reason text NOT NULL DEFAULT '',
    ALTER COLUMN until SET NOT NULL,
    ADD CHECK (kind IN ('law_enforcement','channel'));
CREATE INDEX hold_incident ON hold (incident, at);

-- What a judgement says of duties to people that wait for others, so that senders need not read all of it.
ALTER TABLE assessment ADD COLUMN orders jsonb NOT NULL DEFAULT '[]';

CREATE TABLE delay (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident   text NOT NULL REFERENCES incident,
    obligation text NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    by_actor   text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX delay_obligation ON delay (incident, obligation, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delay
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
