create table organization_keys (
    id text primary key,
    organization_id text not null,
    master_key_id text not null,
    wrapped {bytes} not null,
    created_at bigint not null
);
create unique index organization_keys_by_organization on organization_keys (organization_id);
create table secrets (
    id text primary key,
    organization_id text not null,
    kind text not null,
    name text not null,
    organization_key_id text not null,
    wrapped_key {bytes} not null,
    sealed {bytes} not null,
    created_at bigint not null
);
create index secrets_by_organization on secrets (organization_id, id);
