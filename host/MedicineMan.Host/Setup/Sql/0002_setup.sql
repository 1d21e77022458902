create table setup (
    organization_id text primary key references organizations (id),
    token_hash {bytes},
    kit_confirmed_at bigint,
    finished_at bigint
);
insert into setup (organization_id) values ('default');
