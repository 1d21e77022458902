create table scans (
    id text primary key,
    organization_id text not null,
    server_id text not null references servers (id) on delete cascade,
    started_at bigint not null,
    milliseconds bigint not null,
    complete integer not null,
    notes text not null
);
create index scans_of_server on scans (organization_id, server_id, id);
create table server_facts (
    organization_id text not null,
    server_id text not null references servers (id) on delete cascade,
    name text not null,
    value text not null,
    scan_id text not null,
    primary key (server_id, name)
);
create table server_disks (
    organization_id text not null,
    server_id text not null references servers (id) on delete cascade,
    mount text not null,
    device text not null,
    file_system text not null,
    total_bytes bigint not null,
    used_bytes bigint not null,
    free_bytes bigint not null,
    scan_id text not null,
    primary key (server_id, mount)
);
create table server_services (
    id text primary key,
    organization_id text not null,
    server_id text not null references servers (id) on delete cascade,
    kind text not null,
    identity text not null,
    title text not null,
    version text,
    port integer,
    socket_directory text,
    data_directory text,
    runs_as text,
    running integer not null,
    confidence double precision not null,
    evidence text not null,
    stores text not null,
    first_seen_at bigint not null,
    last_seen_at bigint not null,
    scan_id text not null
);
create unique index server_services_by_identity on server_services (server_id, kind, identity);
create index server_services_of_server on server_services (organization_id, server_id);
