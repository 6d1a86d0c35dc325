-- When the first proof in a block is complete that time alone completes: a receipt may come in after the delivery ended.
-- +goose Up
CREATE TABLE settle_due (
    incident text NOT NULL,
    block    bigint NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (incident, block),
    FOREIGN KEY (incident, block) REFERENCES block (incident, no)
);
CREATE INDEX settle_due_at ON settle_due (at);

-- +goose Down
DROP TABLE settle_due;
