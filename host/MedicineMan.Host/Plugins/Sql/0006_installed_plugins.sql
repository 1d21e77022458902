create table installed_plugins (
    organization_id text not null,
    id text not null,
    name text not null,
    publisher text not null,
    source text not null,
    enabled integer not null,
    active_version text,
    previous_version text,
    pending_version text,
    blocked text,
    failure text,
    changed_at bigint not null,
    primary key (organization_id, id)
);
create table plugin_versions (
    organization_id text not null,
    plugin_id text not null,
    version text not null,
    sha256 text not null,
    checksums_sha256 text not null,
    key_fingerprint text,
    source text not null,
    installed_at bigint not null,
    primary key (organization_id, plugin_id, version)
);
create table plugin_grants (
    organization_id text not null,
    plugin_id text not null,
    capability text not null,
    granted_by text not null,
    granted_at bigint not null,
    primary key (organization_id, plugin_id, capability)
);
create table plugin_publishers (
    organization_id text not null,
    id text not null,
    public_key text not null,
    fingerprint text not null,
    source text not null,
    pinned_at bigint not null,
    primary key (organization_id, id)
);
create table plugin_registries (
    organization_id text not null,
    id text not null,
    name text not null,
    location text not null,
    public_key text not null,
    offered_key text,
    serial integer not null,
    content text not null,
    error text,
    checked_at bigint not null,
    added_at bigint not null,
    primary key (organization_id, id)
);
create unique index plugin_registries_by_location on plugin_registries (organization_id, location);
