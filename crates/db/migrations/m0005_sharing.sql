-- How use is agreed: requests, agreements, corrections, disputes, and the limits and days that their clocks count with.
-- The document (body) is the truth of each thing; the columns beside it are what lists and locks need.
create table sharing_number (
    series text   not null,
    year   bigint not null,
    last   bigint not null,
    constraint sharing_number_key primary key (series, year)
);

create table sharing_request (
    id         text   not null primary key,
    no         text   not null constraint sharing_request_no unique,
    state      text   not null,
    consumer   text   not null,
    provider   text   not null,
    resource   text   not null,
    applicant  text   not null,
    next_at    text,
    revision   bigint not null,
    body       text   not null,
    created_at text   not null,
    updated_at text   not null
);
create index sharing_request_consumer on sharing_request (consumer, state);
create index sharing_request_provider on sharing_request (provider, state);
create index sharing_request_state on sharing_request (state);
create index sharing_request_resource on sharing_request (resource);
create index sharing_request_next on sharing_request (next_at) where next_at is not null;

create table agreement (
    id         text   not null primary key,
    no         text   not null constraint agreement_no unique,
    request    text   not null constraint agreement_request references sharing_request (id),
    state      text   not null,
    consumer   text   not null,
    provider   text   not null,
    resource   text   not null,
    version    bigint not null,
    provided   boolean not null,
    next_at    text,
    revision   bigint not null,
    body       text   not null,
    created_at text   not null,
    updated_at text   not null,
    constraint agreement_one_per_request unique (request)
);
create index agreement_consumer on agreement (consumer, state);
create index agreement_provider on agreement (provider, state);
create index agreement_resource on agreement (resource);
create index agreement_next on agreement (next_at) where next_at is not null;

create table agreement_usage (
    agreement text   not null constraint agreement_usage_agreement references agreement (id),
    day       text   not null,
    used      bigint not null,
    constraint agreement_usage_key primary key (agreement, day)
);

create table correction (
    id         text   not null primary key,
    no         text   not null constraint correction_no unique,
    state      text   not null,
    consumer   text   not null,
    provider   text   not null,
    resource   text   not null,
    next_at    text,
    revision   bigint not null,
    body       text   not null,
    created_at text   not null,
    updated_at text   not null
);
create index correction_consumer on correction (consumer, state);
create index correction_provider on correction (provider, state);
create index correction_next on correction (next_at) where next_at is not null;

create table dispute (
    id         text   not null primary key,
    no         text   not null constraint dispute_no unique,
    state      text   not null,
    raiser     text   not null,
    other      text   not null,
    subject    text   not null,
    revision   bigint not null,
    body       text   not null,
    created_at text   not null,
    updated_at text   not null
);
create index dispute_raiser on dispute (raiser, state);
create index dispute_other on dispute (other, state);

-- Limits are law, so they are rows: region '' is the national rule, a division code a stricter regional one.
create table clock_rule (
    clock      text   not null,
    region     text   not null,
    body       text   not null,
    updated_at text   not null,
    constraint clock_rule_key primary key (clock, region)
);

create table calendar_day (
    day        text not null primary key,
    kind       text not null,
    name_zh    text not null,
    name_en    text not null,
    basis      text not null,
    updated_at text not null
);
