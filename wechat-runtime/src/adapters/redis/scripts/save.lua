-- Stores a record past whoever leads, where the one it replaces is still there; answers with the one that is, otherwise.
-- ARGV: the record it replaces (empty for none), the record, how long to keep it (ms, 0 for ever), the mark of who saves.
local kept = redis.call('HMGET', KEYS[1], 'fence', 'record', 'saver')
if kept[3] == ARGV[4] then
  return { 1, '' } -- the same save, whose first answer was lost; what has come since stays
end
local found = kept[2] or ''
if found ~= ARGV[1] then
  return { 0, found }
end
local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
-- What a leader has bought meanwhile is the older news.
local fence = math.max((tonumber(kept[1]) or 0) + 1, micros)
-- First what a user may not be allowed to do: what is refused half-way leaves nothing that is to stay and does not.
if ARGV[3] == '0' then
  redis.call('PERSIST', KEYS[1])
end
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'saver', ARGV[4], 'fence', string.format('%.0f', fence))
redis.call('HDEL', KEYS[1], 'lease_end', 'lease', 'leader')
if ARGV[3] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return { 1, '' }
