-- The home page counts on every visit; it must not read the fleet to do so.
create index servers_by_state on servers (organization_id, state);
create index server_services_by_kind on server_services (organization_id, kind, server_id, identity);
create index jobs_ended on jobs (organization_id, state, ended_at);
