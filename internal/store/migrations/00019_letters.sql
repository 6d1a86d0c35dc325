-- Letters on their way to the printer, and the batches in which they are handed over.
-- +goose Up

CREATE TABLE letter_batch (
    id         text PRIMARY KEY,
    made_at    timestamptz NOT NULL,
    checksum   text NOT NULL DEFAULT '', -- of its files; set when all of them lie at the printer's door
    handed_at  timestamptz
);
-- One batch is handed over at a time.
CREATE UNIQUE INDEX letter_batch_open ON letter_batch ((true)) WHERE handed_at IS NULL;

-- body is sealed with the incident's key and removed when the batch was handed over. A row without body and batch
-- says of an attempt that it was asked about and not there, so that it cannot come any more.
CREATE TABLE letter (
    attempt  text PRIMARY KEY,
    delivery text NOT NULL,
    incident text REFERENCES incident,
    country  text NOT NULL,
    pages    int NOT NULL,
    body     bytea,
    batch    text REFERENCES letter_batch,
    at       timestamptz NOT NULL
);
CREATE INDEX letter_waiting ON letter (at) WHERE batch IS NULL AND body IS NOT NULL;
CREATE INDEX letter_of_batch ON letter (batch) WHERE batch IS NOT NULL;
