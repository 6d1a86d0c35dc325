-- Whoever answered STOP is counted again and again while deliveries rest, among a million other refusals.
-- +goose Up
CREATE INDEX refusal_stopped ON refusal (incident) WHERE reason = 'stopped' AND ended_at IS NULL;

-- +goose Down
DROP INDEX refusal_stopped;
