-- A proof on another server, or in another cluster of the same one, connects in a way of its own.
alter table plans add column proof_host text;
alter table plans add column proof_port integer;
alter table plans add column proof_user_name text;
alter table plans add column proof_password_secret text;
alter table plans add column proof_run_as text;
