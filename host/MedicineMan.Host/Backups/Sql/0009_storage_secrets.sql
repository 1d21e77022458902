alter table repositories add column settings_secrets text not null default '[]';
