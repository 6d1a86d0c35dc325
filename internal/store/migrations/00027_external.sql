-- +goose Up
-- Attempt ids and providers' references look like chance: PostgreSQL spent a twelfth of its time in a send on trying to
-- make them smaller. Out of line they stay as they are.
ALTER TABLE intent ALTER attempts SET STORAGE EXTERNAL;
ALTER TABLE outcome ALTER refs SET STORAGE EXTERNAL;

-- +goose Down
ALTER TABLE intent ALTER attempts SET STORAGE EXTENDED;
ALTER TABLE outcome ALTER refs SET STORAGE EXTENDED;
