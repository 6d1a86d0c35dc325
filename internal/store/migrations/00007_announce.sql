-- Public announcements as they were published.
-- +goose Up

CREATE TABLE announcement (
    reference    text PRIMARY KEY,
    incident     text NOT NULL REFERENCES incident,
    reason       text NOT NULL,
    decision     jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    keep_until   timestamptz NOT NULL,
    texts        bytea NOT NULL -- JSON, bodies as approved
);
CREATE INDEX announcement_incident ON announcement (incident, published_at);
