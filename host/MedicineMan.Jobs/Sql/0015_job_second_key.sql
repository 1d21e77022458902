-- A job may hold a second key beside its concurrency key, in names of its own: a backup its server, one at a time, and its storage, a few at a time.
-- It waits behind the running ones in "~key2/…".
alter table jobs add column second_key text {ordinal};
alter table jobs add column second_limit integer;
alter table jobs add column second_slot integer;
-- As for the first: the database itself refuses more than there are slots.
create unique index jobs_second_key on jobs (organization_id, second_key, second_slot) where second_key is not null and state = 'running';
