SELECT datname, state, count(pid),
    coalesce(max(extract(epoch FROM now() - xact_start)), 0) AS max_tx_duration
FROM pg_database CROSS JOIN unnest(ARRAY['active', 'idle', 'idle in transaction',
    'idle in transaction (aborted)', 'fastpath function call', 'disabled']) AS state
LEFT JOIN pg_stat_activity USING (datname, state) GROUP BY datname, state
