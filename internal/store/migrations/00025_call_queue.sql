-- Calls that people make are taken one by one: who has a call, until when, and from when on it may be made.
-- +goose Up

-- by_people is null for calls from before this release: whoever looks finds out. taken_by stays when a call has ended.
ALTER TABLE call
    ADD COLUMN by_people   boolean,
    ADD COLUMN locale      text NOT NULL DEFAULT '',
    ADD COLUMN taken_by    text NOT NULL DEFAULT '',
    ADD COLUMN taken_until timestamptz,
    ADD COLUMN not_before  timestamptz,
    ADD COLUMN outcome     text NOT NULL DEFAULT '';
CREATE INDEX call_waiting ON call (coalesce(not_before, at), attempt) WHERE script IS NOT NULL AND by_people IS NOT FALSE;
