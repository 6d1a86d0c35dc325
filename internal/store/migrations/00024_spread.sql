-- How the people of a list are spread over mail domains and countries, as far as many share one: what the limits of
-- providers mean for the time of the last message is read from here. A domain of few would point at persons.
-- +goose Up

CREATE TABLE spread (
    incident text NOT NULL,
    wave     integer NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('domain','country')),
    name     text NOT NULL,
    people   bigint NOT NULL CHECK (people >= 100),
    PRIMARY KEY (incident, wave, kind, name),
    FOREIGN KEY (incident, wave) REFERENCES wave (incident, no)
);
