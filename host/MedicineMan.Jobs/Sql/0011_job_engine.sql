-- Where a ready job stands in line. "<queue>/<organisation>" is open to workers; behind "~" wait those that no claim need look at:
-- "~key/…" for another job with their concurrency key, "~paused/…" for a type that is paused, "~suspect" alone in their worker, after a crash.
alter table jobs add column queue text not null default 'default';
alter table jobs add column lane text {ordinal} not null default 'default/default';
-- The order within a lane: when it was due, and a minute earlier for each step of its priority. Waiting makes no difference to the order of
-- two jobs, so ageing costs nothing.
alter table jobs add column rank bigint not null default 0;
alter table jobs add column concurrency_limit integer not null default 1;
alter table jobs add column concurrency_slot integer not null default 0;
alter table jobs add column deadline bigint;
alter table jobs add column crashes integer not null default 0;
alter table jobs add column granted integer not null default 0;
alter table jobs add column history text not null default 'normal';
alter table jobs add column signature text;
alter table jobs add column group_id text;

update jobs set lane = queue || '/' || organization_id, rank = due_at - 60000 * priority;

-- Ids sort by the time they were made, so they are the order of every list.
drop index jobs_list;
drop index jobs_list_state;
drop index jobs_list_server;
drop index jobs_claim;
drop index jobs_concurrency;
create index jobs_list on jobs (organization_id, id);
create index jobs_list_state on jobs (organization_id, state, id);
create index jobs_list_type on jobs (organization_id, type, id);
create index jobs_list_server on jobs (organization_id, server_id, id) where server_id is not null;
create index jobs_list_person on jobs (organization_id, requested_by, id) where requested_by is not null;
create index jobs_list_group on jobs (organization_id, group_id, id) where group_id is not null;
create index jobs_dead on jobs (organization_id, type, signature, id) where state = 'dead';
create index jobs_claim on jobs (lane, rank, id) where state = 'ready';
create index jobs_deadline on jobs (deadline) where deadline is not null and ended_at is null;
create index jobs_history on jobs (history, ended_at) where ended_at is not null;
-- The database itself refuses more running jobs with one concurrency key than there are slots.
create unique index jobs_concurrency on jobs (organization_id, concurrency_key, concurrency_slot) where concurrency_key is not null and state = 'running';

-- A batch that ends together, and what is enqueued then.
create table job_groups (
    id text primary key,
    organization_id text not null,
    title text not null,
    jobs integer not null,
    open integer not null,
    failed integer not null,
    continuation text,
    only_after_success integer not null,
    next_job_id text,
    created_at bigint not null,
    ended_at bigint
);

create index job_groups_list on job_groups (organization_id, id);

-- What is held back: a queue, a type or all of an organisation ('' for every one of them).
create table job_pauses (
    organization_id text not null,
    kind text not null,
    name text not null,
    paused_by text not null,
    paused_at bigint not null,
    primary key (organization_id, kind, name)
);

-- When the next job of a type with a rate limit may start.
create table job_rates (
    type text primary key,
    next_at bigint not null
);

-- One row a worker, renewed by its heartbeat; of all organisations, since a worker serves all.
create table job_workers (
    name text primary key,
    version text not null,
    queues text not null,
    concurrency integer not null,
    running integer not null,
    reserved integer not null,
    done bigint not null,
    started_at bigint not null,
    seen_at bigint not null,
    stopped_at bigint
);

-- What a worker did in a minute, of one type: counts, and how long jobs waited and ran as counts by power of two of milliseconds.
create table job_stats (
    organization_id text not null,
    minute bigint not null,
    type text not null,
    worker text not null,
    succeeded bigint not null,
    failed bigint not null,
    dead bigint not null,
    cancelled bigint not null,
    wait_ms text not null,
    run_ms text not null,
    primary key (organization_id, minute, type, worker)
);

create index job_stats_age on job_stats (minute);
