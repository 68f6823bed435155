-- The catalogue: who there is, what is connected, and what is described of it. The entry itself is a document; the
-- columns beside it are what lists filter and constraints guard. A published version is written once.
create table organisation (
    id          text   not null primary key,
    revision    bigint not null,
    code        text   not null constraint organisation_code_key unique,
    name        text   not null,
    name_en     text   not null,
    short_name  text   not null,
    parent      text   constraint organisation_parent_fk references organisation (id),
    level       text   not null,
    division    text   not null,
    kind        text   not null,
    created_at  text   not null
);
create index organisation_parent on organisation (parent);

create table source (
    id            text   not null primary key,
    revision      bigint not null,
    org           text   not null constraint source_org_fk references organisation (id),
    name          text   not null,
    spec          text   not null,
    sealed_secret text,
    state         text   not null,
    created_at    text   not null,
    last_test     text,
    constraint source_name_key unique (org, name)
);

create table resource (
    id                text   not null primary key,
    revision          bigint not null,
    state             text   not null,
    provider          text   not null constraint resource_provider_fk references organisation (id),
    source            text   constraint resource_source_fk references source (id),
    national_code     text   constraint resource_national_code_key unique,
    local_code        text   constraint resource_local_code_key unique,
    name              text   not null,
    sharing_class     text   not null,
    theme             text,
    published_version bigint,
    published_at      text,
    created_by        text   not null,
    created_at        text   not null,
    updated_at        text   not null,
    sent_back         text,
    content           text   not null
);
create index resource_provider on resource (provider, id);
create index resource_state on resource (state, id);
create index resource_source on resource (source);

create table resource_version (
    resource   text   not null constraint resource_version_resource_fk references resource (id),
    number     bigint not null,
    by_actor   text   not null,
    at         text   not null,
    content    text   not null,
    primary key (resource, number)
);

-- Running numbers of resource codes, one row per series (a category, or a local pattern filled but for its number).
create table resource_code (
    series text   not null primary key,
    last   bigint not null
);
