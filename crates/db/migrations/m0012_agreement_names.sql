-- The SQL name of an agreement's table is given once and kept: a saved question never reads another table because an older agreement ended.
alter table agreement add column sql_name text;
create unique index agreement_sql_name on agreement (consumer, sql_name) where sql_name is not null;
