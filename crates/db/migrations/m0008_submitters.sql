-- Who submitted an entry for review, so that nobody reviews the own submission, whoever wrote the draft.
alter table resource add column submitted_by text;
