create table api_tokens (
    id text primary key,
    organization_id text not null references organizations (id),
    person_id text not null references people (id),
    name text not null,
    hash {bytes} not null,
    created_at bigint not null,
    expires_at bigint,
    used_at bigint
);
create index api_tokens_by_person on api_tokens (organization_id, person_id, created_at);
