-- Who works here. Credentials are kept apart from people, and only as digests; limits are rows with their legal basis.
create table staff_person (
    id         text    not null constraint staff_person_key primary key,
    login      text    not null constraint staff_person_login_key unique,
    login_key  text    not null,
    name_zh    text    not null,
    name_en    text    not null,
    org        text    not null,
    disabled   boolean not null default false,
    created_at text    not null
);
create index staff_person_by_org on staff_person (org);
create index staff_person_by_login_key on staff_person (login_key);

-- In which organisation a person has which role.
create table staff_post (
    person text not null constraint staff_post_person references staff_person (id) on delete cascade,
    org    text not null,
    role   text not null,
    constraint staff_post_key primary key (person, org, role)
);
create index staff_post_by_org on staff_post (org, role);
-- System, security and audit administrators are three separate people: nobody holds a second of these posts.
create unique index staff_post_one_administration on staff_post (person)
    where role in ('system-admin', 'security-admin', 'auditor');

create table staff_password (
    person      text    not null constraint staff_password_key primary key
                        constraint staff_password_person references staff_person (id) on delete cascade,
    hash        text    not null,
    set_at      text    not null,
    must_change boolean not null
);

-- Failed sign-ins by digest of what was typed as login, so that an unknown name is locked exactly as a known one.
create table staff_failure (
    login_key    text   not null constraint staff_failure_key primary key,
    failures     bigint not null,
    last_at      text   not null,
    locked_until text
);

create table staff_session (
    id           text not null constraint staff_session_key primary key,
    secret_hash  text not null constraint staff_session_secret_key unique,
    person       text not null constraint staff_session_person references staff_person (id) on delete cascade,
    org          text not null,
    began_at     text not null,
    seen_at      text not null,
    idle_ends_at text not null,
    ends_at      text not null,
    ip_hint      text not null
);
create index staff_session_by_person on staff_session (person);
create index staff_session_by_end on staff_session (idle_ends_at);

create table staff_token (
    id           text not null constraint staff_token_key primary key,
    secret_hash  text not null constraint staff_token_secret_key unique,
    hint         text not null,
    person       text not null constraint staff_token_person references staff_person (id) on delete cascade,
    org          text not null,
    name         text not null,
    roles        text not null,
    created_at   text not null,
    expires_at   text not null,
    last_used_at text,
    revoked_at   text
);
create index staff_token_by_person on staff_token (person);

-- Grows with every change that takes something away, so that whoever remembers an actor for a moment can notice.
create table staff_revision (
    one   bigint not null constraint staff_revision_key primary key constraint staff_revision_single check (one = 1),
    value bigint not null
);
insert into staff_revision (one, value) values (1, 0);

-- Limits. `national` is the platform-wide value, `value` what holds here; a region may only be stricter.
create table staff_limit (
    name        text   not null constraint staff_limit_name_key primary key,
    value       bigint not null constraint staff_limit_positive check (value > 0),
    national    bigint not null,
    unit        text   not null,
    stricter    text   not null constraint staff_limit_direction check (stricter in ('lower', 'higher')),
    legal_basis text   not null,
    constraint staff_limit_only_stricter check ((stricter = 'lower' and value <= national) or (stricter = 'higher' and value >= national))
);
insert into staff_limit (name, value, national, unit, stricter, legal_basis) values
    ('lock-after-failures',       5,   5, 'failures', 'lower',  'GB/T 22239-2019 8.1.4.1 b) 登录失败处理'),
    ('lock-minutes',             15,  15, 'minutes',  'higher', 'GB/T 22239-2019 8.1.4.1 b) 登录失败处理'),
    ('session-idle-minutes',     30,  30, 'minutes',  'lower',  'GB/T 22239-2019 8.1.4.1 b) 超时自动退出'),
    ('session-total-minutes',   720, 720, 'minutes',  'lower',  'GB/T 22239-2019 8.1.4.1 b) 超时自动退出'),
    ('token-max-days',          365, 365, 'days',     'lower',  'GB/T 22239-2019 8.1.4.1 a) 鉴别信息定期更换'),
    ('password-min-chars',       10,  10, 'chars',    'higher', 'GB/T 22239-2019 8.1.4.1 a) 鉴别信息复杂度'),
    ('password-max-chars',      128, 128, 'chars',    'lower',  'GB/T 22239-2019 8.1.4.1 a) 鉴别信息复杂度'),
    ('password-min-kinds',        3,   3, 'kinds',    'higher', 'GB/T 22239-2019 8.1.4.1 a) 鉴别信息复杂度'),
    ('password-max-age-days',    90,  90, 'days',     'lower',  'GB/T 22239-2019 8.1.4.1 a) 鉴别信息定期更换');
