-- People of whom nothing is recorded yet are decided on by kind: two with one number are alike in all that a
-- decision looks at. The numbers are given out in the order of a list and say nothing by themselves.
-- +goose Up

ALTER TABLE recipient ADD COLUMN kind integer NOT NULL DEFAULT 0; -- 0: not known, look at the person

-- The numbers hold for these ages alone; of an earlier list they are not known.
ALTER TABLE wave ADD COLUMN child_age integer, ADD COLUMN ages_on date;
