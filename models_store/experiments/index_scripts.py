"""What the index does in one step, in Lua. KEYS and ARGV are in the order in which `Index` passes them."""

from models_store.events import ANNOUNCE

# A view never returns to an older version of the record. While the index is rebuilt nothing is announced: at its end
# everything is to be read again.
PUT = f"""{ANNOUNCE}
local version = redis.call('HGET', KEYS[1], 'version')
if version and tonumber(version) > tonumber(ARGV[1]) then return 0 end
local before = redis.call('HGET', KEYS[1], 'indexes')
if before then
  for key in string.gmatch(before, '[^\\n]+') do
    redis.call('ZREM', key, ARGV[3])
    if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[4], key) end
  end
end
local names = {{}}
for i = 11, #ARGV, 2 do
  redis.call('ZADD', ARGV[i], ARGV[i + 1], ARGV[3])
  if string.find(ARGV[i], ARGV[6], 1, true) == 1 then redis.call('SADD', KEYS[4], ARGV[i]) end
  names[#names + 1] = ARGV[i]
end
if ARGV[9] ~= '' then redis.call('HSET', KEYS[7], ARGV[3], ARGV[9]) end
if ARGV[10] ~= '' then
  redis.call('HSET', KEYS[8], ARGV[3], ARGV[10])
else
  redis.call('HDEL', KEYS[8], ARGV[3])
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'document', ARGV[2], 'indexes', table.concat(names, '\\n'))
if ARGV[5] == 'ended' then redis.call('DEL', KEYS[3]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '4', '*', 'version', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
if redis.call('EXISTS', KEYS[6]) == 1 then
  if ARGV[8] ~= '' and version and tonumber(version) == tonumber(ARGV[1]) then
    announce(KEYS[5], 'progress', ARGV[3], ARGV[8], ARGV[10])
  else
    announce(KEYS[5], 'status', ARGV[3], ARGV[7], ARGV[10])
  end
end
return 1
"""
REMOVE = f"""{ANNOUNCE}
local before = redis.call('HGET', KEYS[1], 'indexes')
if before then
  for key in string.gmatch(before, '[^\\n]+') do
    redis.call('ZREM', key, ARGV[1])
    if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[5], key) end
  end
end
local private_to = redis.call('HGET', KEYS[8], ARGV[1]) or ''
if before then announce(KEYS[6], 'deleted', ARGV[1], ARGV[2], private_to) end
redis.call('HDEL', KEYS[7], ARGV[1])
redis.call('HDEL', KEYS[8], ARGV[1])
return redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
"""
COMPLETE = f"""{ANNOUNCE}
if redis.call('SET', KEYS[1], '1', 'NX') then announce(KEYS[2], 'reset', '', ARGV[1], '') end
"""
# A point is added only after its predecessor, so that a stream never has a gap.
APPEND = f"""{ANNOUNCE}
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local expected = tonumber(ARGV[1])
local length = last and tonumber(string.match(last[1], '^(%d+)')) or 0
if length ~= expected then return 0 end
redis.call('XADD', KEYS[1], (expected + 1) .. '-0', 'point', ARGV[2])
announce(KEYS[2], 'epoch', ARGV[3], ARGV[4], redis.call('HGET', KEYS[3], ARGV[3]) or '')
return 1
"""
