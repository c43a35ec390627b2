-- Adds entries while there is room, all in one step: nothing can be outstanding beyond the capacity.
-- KEYS: active list, scheduled set, data hash, last task id
-- ARGV: metadata prefix, capacity, doorbell channel, payload...
-- Returns how many payloads were taken, from the front.
local room = tonumber(ARGV[2]) - redis.call('LLEN', KEYS[1]) - redis.call('ZCARD', KEYS[2])
local taken = math.min(room, #ARGV - 3)
if taken <= 0 then
    return 0
end
local last = redis.call('INCRBY', KEYS[4], taken)
for i = 1, taken do
    local id = string.format('%.0f', last - taken + i)
    redis.call('HSET', KEYS[3], id, ARGV[3 + i])
    redis.call('HSET', ARGV[1] .. ':' .. id, 'attempts', 0, 'max_attempts', 1, 'status', 'Pending')
    redis.call('RPUSH', KEYS[1], id)
end
-- What is pushed is pushed, also for a user who may not publish: workers look at every tick.
redis.pcall('PUBLISH', ARGV[3], taken)
return taken
