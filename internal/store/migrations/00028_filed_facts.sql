-- Filings of a release that did not put them into the facts: what is chained to them counts from when they were made,
-- once the product has entered them, with a revision of its own each.
-- +goose Up
ALTER TABLE filing ADD COLUMN in_facts boolean NOT NULL DEFAULT true;

UPDATE filing f SET in_facts = false WHERE NOT EXISTS (
    SELECT FROM audit a WHERE a.incident = f.incident AND a.action = 'facts.filed' AND a.data::jsonb ->> 'obligation' = f.obligation);

CREATE INDEX filing_not_in_facts ON filing (incident) WHERE NOT in_facts;

-- +goose Down
ALTER TABLE filing DROP COLUMN in_facts;
