-- Whoever changes what is known of a block's people raises its version: what a process remembers of a block is
-- trusted only at the version that it was read at.
-- +goose Up

-- 0 says that nobody ever wrote to the block, which is not known of those that are there already.
ALTER TABLE block ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE block ALTER COLUMN version SET DEFAULT 0;

-- Nothing looks these rows up by their number alone, and every index costs a send.
ALTER TABLE outcome DROP CONSTRAINT outcome_pkey;
ALTER TABLE person_outcome DROP CONSTRAINT person_outcome_pkey;
