-- Deregisters a worker and puts back what it holds. Entries that cannot be read are removed:
-- each of them would fail every fetch it is part of.
-- KEYS: workers set, metadata of the worker, its in-flight set, active list, data hash
-- ARGV: worker name, metadata prefix, doorbell channel
-- Returns how many were put back.
local back = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    local meta = ARGV[2] .. ':' .. id
    local data = redis.call('HGET', KEYS[5], id)
    if data and string.match(data, '^"[%x-]+"$') and redis.call('HEXISTS', meta, 'attempts') == 1 then
        redis.call('RPUSH', KEYS[4], id)
        back = back + 1
    else
        redis.call('HDEL', KEYS[5], id)
        redis.call('DEL', meta)
    end
end
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[1], ARGV[1])
if back > 0 then
    redis.pcall('PUBLISH', ARGV[3], back)
end
return back
