-- How rows travel: standing deliveries into a consumer's own table or file, and every run of them with its progress and report.
create table delivery (
    id         text   not null primary key,
    agreement  text   not null,
    consumer   text   not null,
    name       text   not null,
    state      text   not null,
    body       text   not null,
    created_at text   not null,
    updated_at text   not null,
    constraint delivery_name unique (consumer, name),
    constraint delivery_state check (state in ('active', 'paused', 'ended'))
);
create index delivery_agreement on delivery (agreement);

create table delivery_run (
    id           text    not null primary key,
    delivery     text    not null constraint delivery_run_delivery references delivery (id),
    state        text    not null,
    cancel_asked boolean not null default false,
    progress     text    not null,
    report       text,
    asked_by     text,
    queued_at    text    not null,
    started_at   text,
    ended_at     text,
    updated_at   text    not null,
    constraint delivery_run_state check (state in ('queued', 'running', 'verifying', 'done', 'failed', 'cancelled')),
    constraint delivery_run_ended check ((ended_at is not null) = (state in ('done', 'failed', 'cancelled')))
);
-- One run of a delivery at a time.
create unique index delivery_run_one on delivery_run (delivery) where ended_at is null;
create index delivery_run_history on delivery_run (delivery, id);
create index delivery_run_open on delivery_run (state) where ended_at is null;
