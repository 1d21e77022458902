-- PostgreSQL compares and sorts text by the database's language unless it is told otherwise, which costs a tenth of the time of each change to the queue. Nobody reads these by it.
-- The rows stay as they are, but every index over them is made anew, once: that takes a minute or two for each million jobs, during which nobody works on them.
drop index jobs_list;
drop index jobs_list_state;
drop index jobs_list_type;
{postgres}alter table jobs
{postgres}    alter column id type text {ordinal}, alter column organization_id type text {ordinal}, alter column type type text {ordinal},
{postgres}    alter column server_id type text {ordinal}, alter column requested_by type text {ordinal}, alter column concurrency_key type text {ordinal},
{postgres}    alter column unique_key type text {ordinal}, alter column state type text {ordinal}, alter column worker type text {ordinal},
{postgres}    alter column queue type text {ordinal}, alter column history type text {ordinal}, alter column signature type text {ordinal},
{postgres}    alter column group_id type text {ordinal};
-- What is joined with the ids of jobs goes by the same order, or no index would serve.
{postgres}alter table job_attempts alter column job_id type text {ordinal};
{postgres}alter table job_log alter column job_id type text {ordinal};

-- A job stands in one small index while it is open, with what open ones are looked for by, and in those of the history only once it has ended: before that, each of its changes
-- would be written to all of them.
create index jobs_open on jobs (organization_id, id, state, type) where ended_at is null;
create index jobs_list on jobs (organization_id, id) where ended_at is not null;
create index jobs_list_state on jobs (organization_id, state, id) where ended_at is not null;
create index jobs_list_type on jobs (organization_id, type, id) where ended_at is not null;
