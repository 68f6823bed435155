-- Disputes have clocks, and one thing has one open dispute at a time; of people it is kept when they were last here.
alter table dispute add column next_at text;
alter table dispute add column escalated boolean not null default false;
create index dispute_escalated on dispute (id) where escalated;
create index dispute_next on dispute (next_at) where next_at is not null;
create index dispute_subject on dispute (subject);
create unique index dispute_open on dispute (subject) where state not in ('settled', 'withdrawn');

alter table staff_person add column last_seen_at text;
