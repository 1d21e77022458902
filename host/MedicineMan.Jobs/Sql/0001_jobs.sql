-- One row a job, from request to history. "ended_at is null" means unfinished. The partial indexes keep the queue small however long the history grows.
create table jobs (
    id text primary key,
    organization_id text not null,
    type text not null,
    version integer not null,
    arguments text not null,
    title text,
    server_id text,
    requested_by text,
    concurrency_key text,
    unique_key text,
    priority integer not null,
    state text not null,
    attempt integer not null,
    failures integer not null,
    max_attempts integer not null,
    time_limit bigint,
    created_at bigint not null,
    due_at bigint not null,
    started_at bigint,
    ended_at bigint,
    worker text,
    lease_token bigint not null,
    lease_until bigint,
    cancel_requested integer not null,
    progress text,
    checkpoint text,
    error text
);

create index jobs_list on jobs (organization_id, created_at desc, id desc);
create index jobs_list_state on jobs (organization_id, state, created_at desc, id desc);
create index jobs_list_server on jobs (organization_id, server_id, created_at desc, id desc) where server_id is not null;
create index jobs_claim on jobs (priority desc, due_at, id) where state = 'ready';
create index jobs_due on jobs (due_at) where state in ('scheduled', 'retrying');
create index jobs_running on jobs (worker) where state = 'running';
create unique index jobs_unique on jobs (organization_id, unique_key) where unique_key is not null and ended_at is null;
-- The database itself refuses a second running job with the same concurrency key.
create unique index jobs_concurrency on jobs (organization_id, concurrency_key) where concurrency_key is not null and state = 'running';

create table job_attempts (
    organization_id text not null,
    job_id text not null references jobs (id) on delete cascade,
    number integer not null,
    worker text not null,
    started_at bigint not null,
    ended_at bigint not null,
    outcome text not null,
    error text,
    primary key (job_id, number)
);

create table job_log (
    id {serial},
    organization_id text not null,
    job_id text not null references jobs (id) on delete cascade,
    attempt integer not null,
    written_at bigint not null,
    message text not null
);

-- The job first, because the cascade from jobs looks lines up by it alone.
create index job_log_order on job_log (job_id, organization_id, id);
