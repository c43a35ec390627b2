-- Removes every trace of finished tasks. A task that its worker no longer holds was taken back and
-- belongs to somebody else: its data must stay, or no worker could read the queue any more.
-- KEYS: data hash
-- ARGV: metadata prefix, then pairs of in-flight set and task id
for i = 2, #ARGV, 2 do
    local id = ARGV[i + 1]
    if redis.call('SREM', ARGV[i], id) == 1 then
        redis.call('HDEL', KEYS[1], id)
        redis.call('DEL', ARGV[1] .. ':' .. id)
    end
end
