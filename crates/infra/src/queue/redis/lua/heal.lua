-- Removes what stands at a name of the queue but is not of its type: no worker could read the queue, and
-- nothing in Redis is worth more than a hint.
-- KEYS: active list, scheduled set, data hash, workers set, last task id
-- Returns how many were removed.
local types = { 'list', 'zset', 'hash', 'zset', 'string' }
local removed = 0
for i, type in ipairs(types) do
    local found = redis.call('TYPE', KEYS[i]).ok
    local is_counter = type ~= 'string' or found ~= type or tonumber(redis.call('GET', KEYS[i]))
    if found ~= 'none' and (found ~= type or not is_counter) then
        redis.call('DEL', KEYS[i])
        removed = removed + 1
    end
end
return removed
