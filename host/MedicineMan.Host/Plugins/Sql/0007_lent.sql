create table plugin_store_sizes (
    organization_id text not null,
    plugin_id text not null,
    bytes bigint not null,
    primary key (organization_id, plugin_id)
);
create table plugin_store (
    organization_id text not null,
    plugin_id text not null,
    key text not null,
    value {bytes} not null,
    primary key (organization_id, plugin_id, key)
);
create table plugin_series (
    organization_id text not null,
    plugin_id text not null,
    series text not null,
    subject text not null,
    points bigint not null,
    primary key (organization_id, plugin_id, series, subject)
);
create table plugin_points (
    organization_id text not null,
    plugin_id text not null,
    series text not null,
    subject text not null,
    at bigint not null,
    value double precision not null,
    primary key (organization_id, plugin_id, series, subject, at)
);
create table plugin_schedules (
    organization_id text not null,
    plugin_id text not null,
    job_id text not null,
    minute bigint not null,
    primary key (organization_id, plugin_id, job_id)
);
create table plugin_event_positions (
    organization_id text not null,
    plugin_id text not null,
    handler text not null,
    seq bigint not null,
    failures bigint not null,
    due_at bigint not null,
    held_until bigint not null,
    primary key (organization_id, plugin_id, handler)
);
