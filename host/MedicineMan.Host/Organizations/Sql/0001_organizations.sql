create table organizations (
    id text primary key,
    name text not null,
    created_at bigint not null
);
insert into organizations (id, name, created_at) values ('default', 'Default organisation', 0);
