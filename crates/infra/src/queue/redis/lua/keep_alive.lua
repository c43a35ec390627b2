-- Says that a worker is alive, and lets its metadata expire once it says so no more.
-- KEYS: workers set, metadata of the worker
-- ARGV: worker name, seconds that the metadata lives
-- Returns 0 if the worker is not registered (any more).
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    return 0
end
redis.call('ZADD', KEYS[1], 'XX', 'GT', redis.call('TIME')[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
