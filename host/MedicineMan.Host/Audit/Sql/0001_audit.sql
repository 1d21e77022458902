create table audit_entries (
    organization_id text not null,
    seq bigint not null,
    at bigint not null,
    actor_kind text not null,
    actor_id text not null,
    actor_name text not null,
    address text,
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    subject_name text not null,
    detail text,
    hash text not null,
    primary key (organization_id, seq)
);
create table audit_heads (
    organization_id text primary key,
    seq bigint not null,
    hash text not null
);
