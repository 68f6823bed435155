-- The same table in MariaDB, filled from lines that PostgreSQL's COPY has written. Instants are read as UTC.
set time_zone = '+00:00';

create table person (
    id          bigint       not null primary key,
    id_card     varchar(18)  not null,
    name        varchar(64)  not null,
    gender      smallint     not null,
    birth_date  date         not null,
    region_code char(6)      not null,
    address     varchar(200),
    phone       varchar(20),
    income      decimal(14,2),
    married     boolean      not null,
    extra       json,
    created_at  datetime(6)  not null,
    updated_at  timestamp(6) not null default current_timestamp(6)
) engine = InnoDB default character set utf8mb4;
