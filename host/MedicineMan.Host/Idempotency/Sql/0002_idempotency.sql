-- Requests that carried a key, and what was answered, so that sending one again does nothing twice.
-- Fingerprint and answer are sealed with a key outside the database: a request can hold a password, an answer a new token.
create table idempotency_keys (
    organization_id text not null references organizations (id),
    person_id text not null,
    request_key text not null,
    fingerprint text not null,
    answer text,
    created_at bigint not null,
    primary key (organization_id, person_id, request_key)
);
create index idempotency_keys_by_age on idempotency_keys (organization_id, created_at);
