-- Releases that began with an *opened* entry and owe the receipt that closes them; a row goes when the receipt is
-- written. What stands here longer than an answer may take belongs to a process that was killed.
create table ledger_owed (
    release   text not null,
    agreement text not null,
    opened_at text not null,
    receipt   text not null,
    constraint ledger_owed_pk primary key (release, agreement)
);
create index ledger_owed_opened_at on ledger_owed (opened_at);
