SELECT datname, pg_database_size(oid) AS size_bytes FROM pg_database
