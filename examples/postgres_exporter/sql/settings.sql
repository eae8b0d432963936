-- `current_setting` returns a number and the largest unit that represents it exactly: `128MB`,
-- `200ms`. -1, in any unit, turns a setting off.
SELECT 'pg_settings_' || replace(name, '.', '_') || coalesce('_' || base, '') AS name,
    short_desc || coalesce(' [Units converted to ' || base || '.]', '') AS help,
    CASE WHEN vartype = 'bool' THEN (setting = 'on')::int
        WHEN base IS NULL OR setting::float8 = -1 THEN setting::float8
        WHEN base = 'seconds' THEN extract(epoch FROM shown::interval)
        ELSE pg_size_bytes(regexp_replace(shown, '(\d)B$', '\1bytes')) END AS value
FROM pg_settings, current_setting(name) AS shown, LATERAL (SELECT
    CASE WHEN unit LIKE '%B' THEN 'bytes' WHEN unit <> '' THEN 'seconds' END) AS units (base)
WHERE vartype IN ('bool', 'integer', 'real')
