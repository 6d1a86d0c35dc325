-- Which texts that nobody had signed off an approver accepted, as kind/language.
-- +goose Up

ALTER TABLE approval ADD COLUMN accepted text[] NOT NULL DEFAULT '{}';
