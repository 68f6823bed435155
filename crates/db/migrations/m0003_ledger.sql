-- The memory of the node: an append-only log, the checkpoints that were published over it, and who is mentioned where.
-- `data` holds the exact bytes whose hash is the leaf; the columns beside it are only for finding.
create table ledger_head (
    id        bigint not null primary key,
    size      bigint not null,
    published bigint not null,
    constraint ledger_head_is_one_row check (id = 1)
);
insert into ledger_head (id, size, published) values (1, 0, 0);

create table ledger_entry (
    idx     bigint not null primary key,
    at      text   not null,
    kind    text   not null,
    actor   text,
    subject text   not null,
    data    text   not null,
    leaf    text   not null
);
create index ledger_entry_subject on ledger_entry (subject, idx);
create index ledger_entry_kind on ledger_entry (kind, idx);
create index ledger_entry_actor on ledger_entry (actor, idx);
create index ledger_entry_at on ledger_entry (at);

-- Organisations, resources, requests, agreements … named anywhere in an entry: "everything about this agreement".
create table ledger_mention (
    word text   not null,
    idx  bigint not null,
    constraint ledger_mention_pk primary key (word, idx)
);

create table ledger_checkpoint (
    size         bigint not null primary key,
    root         text   not null,
    sm3_root     text   not null,
    note         text   not null,
    sm3_note     text   not null,
    cosignatures text   not null,
    at           text   not null
);
