create table repositories (
    id text primary key,
    organization_id text not null,
    name text not null,
    kind text not null,
    settings text not null,
    password_secret text not null,
    state text not null,
    error text,
    stored_bytes bigint,
    checked_at bigint,
    created_at bigint not null
);
create unique index repositories_by_name on repositories (organization_id, name);

create table plans (
    id text primary key,
    organization_id text not null,
    name text not null,
    server_id text not null,
    repository_id text not null references repositories (id),
    kind text not null,
    service text,
    host text,
    port integer,
    user_name text,
    password_secret text,
    run_as text,
    items text not null,
    prove integer not null,
    proof_server_id text,
    found text,
    found_error text,
    found_at bigint,
    last_run_id text,
    last_proven_at bigint,
    created_at bigint not null
);
create unique index plans_by_name on plans (organization_id, name);
create index plans_by_server on plans (organization_id, server_id);

create table runs (
    id text primary key,
    organization_id text not null,
    plan_id text not null,
    server_id text not null,
    repository_id text not null,
    kind text not null,
    items text not null,
    dump_state text not null,
    store_state text not null,
    prove_state text not null,
    error text,
    prove_error text,
    dump_job_id text,
    prove_job_id text,
    snapshot_id text,
    read_bytes bigint not null default 0,
    new_bytes bigint not null default 0,
    stored_bytes bigint not null default 0,
    tables integer not null default 0,
    table_rows bigint not null default 0,
    tools text,
    started_at bigint,
    stored_at bigint,
    proven_at bigint,
    restore_ms bigint,
    compare_ms bigint,
    compared text,
    differences text,
    created_at bigint not null
);
create index runs_by_age on runs (organization_id, created_at desc, id desc);
create index runs_by_plan on runs (organization_id, plan_id, created_at desc, id desc);
create unique index runs_by_snapshot on runs (repository_id, snapshot_id);

create table run_objects (
    organization_id text not null,
    run_id text not null,
    item text not null,
    name text not null,
    row_count bigint,
    bytes bigint not null,
    checksum text,
    primary key (run_id, item, name)
);

create table snapshots (
    organization_id text not null,
    repository_id text not null,
    snapshot_id text not null,
    taken_at bigint not null,
    host text not null,
    paths text not null,
    tags text not null,
    primary key (repository_id, snapshot_id)
);
create index snapshots_by_age on snapshots (organization_id, repository_id, taken_at desc, snapshot_id desc);

create table snapshot_listings (
    organization_id text not null,
    repository_id text not null,
    snapshot_id text not null,
    path text not null,
    entries text,
    error text,
    read_at bigint,
    primary key (repository_id, snapshot_id, path)
);

create table restores (
    id text primary key,
    organization_id text not null,
    repository_id text not null,
    snapshot_id text not null,
    run_id text,
    kind text not null,
    server_id text not null,
    host text,
    port integer,
    user_name text,
    password_secret text,
    run_as text,
    item text not null,
    target text not null,
    objects text,
    replace_existing integer not null,
    dry_run integer not null,
    state text not null,
    error text,
    report text,
    job_id text,
    started_at bigint,
    finished_at bigint,
    created_at bigint not null
);
create index restores_by_age on restores (organization_id, created_at desc, id desc);

-- What a proof or restore has created on a server and must not leave behind, written before it is created.
create table scratch_targets (
    id text primary key,
    organization_id text not null,
    job_id text not null,
    plan_id text,
    restore_id text,
    kind text not null,
    server_id text not null,
    name text not null,
    created_at bigint not null
);
create index scratch_targets_by_age on scratch_targets (organization_id, created_at);
