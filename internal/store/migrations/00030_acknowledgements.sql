-- Who said in an application of the organisation that they saw its pointer to the notice. Person is a number; whose it is
-- stands sealed elsewhere.
-- +goose Up
CREATE TABLE acknowledgement (
    incident text NOT NULL REFERENCES incident,
    person   bigint NOT NULL,
    wave     integer NOT NULL,
    by_actor text NOT NULL,
    counts   boolean NOT NULL, -- it was proof by the policy of that instant
    at       timestamptz NOT NULL,
    PRIMARY KEY (incident, person)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON acknowledgement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE token DROP CONSTRAINT token_role_check,
    ADD CONSTRAINT token_role_check CHECK (role IN ('responder', 'lead', 'detector', 'reader', 'application'));

-- +goose Down
DELETE FROM token WHERE role = 'application';
ALTER TABLE token DROP CONSTRAINT token_role_check,
    ADD CONSTRAINT token_role_check CHECK (role IN ('responder', 'lead', 'detector', 'reader'));
DROP TABLE acknowledgement;
