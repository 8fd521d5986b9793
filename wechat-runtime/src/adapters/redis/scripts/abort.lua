-- Ends the lead, where nobody has begun or written since, and keeps the notes.
-- ARGV: the fence, the notes (left out: those stay that are there).
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
if ARGV[2] then
  redis.call('HSET', KEYS[1], 'notes', ARGV[2])
end
redis.call('HDEL', KEYS[1], 'lease_end', 'lease', 'leader')
return 1
