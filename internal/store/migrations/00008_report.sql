-- What was handed to authorities.
-- +goose Up

CREATE TABLE filing (
    incident        text NOT NULL REFERENCES incident,
    obligation      text NOT NULL,
    route           text NOT NULL,
    sha256          text NOT NULL,
    status          text NOT NULL CHECK (status IN ('filed','acknowledged')),
    filed_at        timestamptz NOT NULL,
    acknowledgement text NOT NULL DEFAULT '',
    acknowledged_at timestamptz,
    delay_reason    text NOT NULL DEFAULT '',
    PRIMARY KEY (incident, obligation)
);
