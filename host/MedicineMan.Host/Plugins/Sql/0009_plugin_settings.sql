create table plugin_settings (
    organization_id text not null,
    plugin_id text not null,
    version integer not null,
    settings text,
    previous_version integer,
    previous text,
    draft_id text,
    draft text,
    handles text not null,
    saved_at bigint not null,
    primary key (organization_id, plugin_id)
);
