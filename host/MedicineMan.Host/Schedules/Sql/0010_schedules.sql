create table schedules (
    id text primary key,
    organization_id text not null,
    name text not null,
    action text not null,
    subject text not null,
    cron text not null,
    zone text not null,
    jitter_seconds integer not null,
    missed text not null,
    missed_most integer not null,
    overlap text not null,
    blackouts text not null,
    paused_at bigint,
    -- The next moment that the cron names, and when it is started: later by its jitter, and not within a blackout. Null when there is none.
    due_at bigint,
    start_at bigint,
    -- 1 while it waits for the end of what it started before.
    waiting integer not null default 0,
    created_at bigint not null
);
create unique index schedules_by_name on schedules (organization_id, name);
create index schedules_by_subject on schedules (organization_id, action, subject);
create index schedules_due on schedules (start_at) where start_at is not null;

create table schedule_starts (
    organization_id text not null,
    schedule_id text not null,
    due_at bigint not null,
    at bigint not null,
    outcome text not null,
    reason text,
    url text,
    primary key (organization_id, schedule_id, due_at)
);
