-- Queue length and live workers.
-- KEYS: active list, scheduled set, workers set
-- ARGV: seconds after which a silent worker counts as dead
-- Returns how many entries wait and how many workers live.
local waiting = redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])
local heard_since = redis.call('TIME')[1] - ARGV[1]
return { waiting, redis.call('ZCOUNT', KEYS[3], '(' .. heard_since, '+inf') }
