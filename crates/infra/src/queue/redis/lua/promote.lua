-- Moves a chunk of the scheduled set to the active list. Nothing is ever scheduled for later, so
-- all of it is due.
-- KEYS: scheduled set, active list
-- ARGV: size of the chunk
-- Returns how many were moved.
local ids = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)
for _, id in ipairs(ids) do
    redis.call('RPUSH', KEYS[2], id)
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, tonumber(ARGV[1]) - 1)
return #ids
