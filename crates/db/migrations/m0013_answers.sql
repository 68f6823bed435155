-- Of how many answers a receipt's entry tells: answers that end at the same moment share one. 1 for every other entry.
alter table ledger_entry add column answers bigint not null default 1;
