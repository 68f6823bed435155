-- Background work: one row is one thing to do, once, not before `due`. A lease keeps two workers from doing it twice.
create table job (
    id           text    not null primary key,
    kind         text    not null,
    body         text    not null,
    unique_key   text    unique,
    due          text    not null,
    attempts     bigint  not null default 0,
    leased_until text,
    leased_by    text,
    last_error   text,
    created_at   text    not null,
    done_at      text
);
create index job_due on job (due) where done_at is null;
