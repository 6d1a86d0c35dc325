-- Duties that a person carried out outside the product (a follow-up by telephone, a press release): what was done, in
-- that person's words.
-- +goose Up

ALTER TABLE filing ADD COLUMN said text NOT NULL DEFAULT '';
