create table people (
    id text primary key,
    organization_id text not null references organizations (id),
    email text not null,
    normalized_email text not null unique,
    name text not null,
    password_hash text,
    security_stamp text not null,
    failed_sign_ins integer not null default 0,
    locked_until bigint,
    created_at bigint not null
);
create table members (
    organization_id text not null references organizations (id),
    person_id text not null references people (id),
    role text not null,
    created_at bigint not null,
    primary key (organization_id, person_id)
);
create table sessions (
    id text primary key,
    organization_id text not null references organizations (id),
    person_id text not null references people (id),
    address text,
    agent text,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index sessions_by_person on sessions (organization_id, person_id, created_at);
