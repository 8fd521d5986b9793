-- Stores a record, where nobody has begun or written since, and ends the lead.
-- ARGV: the fence, the record, the notes, how long to keep it (ms, 0 for ever).
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
-- First what a user may not be allowed to do: what is refused half-way leaves nothing that is to stay and does not.
if ARGV[4] == '0' then
  redis.call('PERSIST', KEYS[1])
end
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'notes', ARGV[3])
redis.call('HDEL', KEYS[1], 'lease_end', 'lease', 'leader')
if ARGV[4] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
