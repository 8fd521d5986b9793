-- Reads what is kept; and takes the lead, where nobody has it.
-- ARGV: how long it may last (ms), the mark of who asks, how long to keep what has no record (ms).
local kept = redis.call('HMGET', KEYS[1], 'fence', 'lease_end', 'lease', 'leader', 'record', 'notes')
local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(micros / 1000)
local answer = { 'lead', kept[1], string.format('%.0f', micros), kept[5], kept[6] }

local ends, lease = tonumber(kept[2]), tonumber(kept[3])
if ends and lease and now < ends then
  if kept[4] == ARGV[2] then
    -- The same question, whose first answer was lost: it has all of the lease from now on.
    redis.call('HSET', KEYS[1], 'lease_end', string.format('%.0f', now + tonumber(ARGV[1])), 'lease', ARGV[1])
    return answer
  end
  local left = ends - now
  if left > lease then
    -- The clock was put back. The lease is not longer than it was granted for.
    left = lease
    redis.call('HSET', KEYS[1], 'lease_end', string.format('%.0f', now + lease))
  end
  answer[1] = 'wait'
  answer[2] = string.format('%.0f', left)
  return answer
end

-- It grows also where all was lost, because time does.
local fence = string.format('%.0f', math.max((tonumber(kept[1]) or 0) + 1, micros))
redis.call('HSET', KEYS[1], 'fence', fence, 'lease_end', string.format('%.0f', now + tonumber(ARGV[1])),
  'lease', ARGV[1], 'leader', ARGV[2])
local left = redis.call('PTTL', KEYS[1])
if left < tonumber(ARGV[3]) and (left >= 0 or not kept[5]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
answer[2] = fence
return answer
