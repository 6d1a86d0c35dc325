-- A refusal may be of one addressee alone (the guardian's number answered STOP, and the child's did not), and may end (they
-- answered START).
-- +goose Up
ALTER TABLE refusal ADD COLUMN addressee text NOT NULL DEFAULT '', ADD COLUMN ended_at timestamptz;
ALTER TABLE refusal DROP CONSTRAINT refusal_pkey, ADD PRIMARY KEY (incident, person, channel, provider, addressee);

-- +goose Down
DELETE FROM refusal WHERE addressee <> '' OR ended_at IS NOT NULL;
ALTER TABLE refusal DROP CONSTRAINT refusal_pkey, ADD PRIMARY KEY (incident, person, channel, provider);
ALTER TABLE refusal DROP COLUMN addressee, DROP COLUMN ended_at;
