-- Who carries a request out at this moment, so that two servers that get it at once do not do it twice.
-- +goose Up

-- A row without an answer is a reservation; one whose lease is over may be taken by the next try.
ALTER TABLE idempotency
    ALTER COLUMN status DROP NOT NULL,
    ALTER COLUMN sealed DROP NOT NULL,
    ADD COLUMN deed         text NOT NULL DEFAULT '', -- opaque, the same for every try
    ADD COLUMN owner        text NOT NULL DEFAULT '',
    ADD COLUMN leased_until timestamptz,
    ADD CONSTRAINT answered_or_reserved
        CHECK ((sealed IS NULL) = (status IS NULL) AND (sealed IS NULL) = (leased_until IS NOT NULL));
