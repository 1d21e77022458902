-- Minutes that are not put together into hours yet; an hour's row has no worker.
create index job_stats_minutes on job_stats (minute) where worker <> '';
