"""What the index does in one step, in Lua. KEYS and ARGV are in the order in which `Index` passes them."""

from models_store import keys
from models_store.events import ANNOUNCE, ExperimentProgress
from models_store.experiments.index_entries import ShownState, memberships
from models_store.experiments.needs import Needs
from models_store.experiments.record import Record

# Lua: `note_models(key)`, whenever the view of a published model changes. A time and no count, so that no value comes
# again after Redis was emptied.
_NOTE_MODELS = """
local function note_models(key)
  local now = redis.call('TIME')
  redis.call('SET', key, now[1] .. string.format('%06d', now[2]))
end
"""
# A view never returns to an older version of the record. While the index is rebuilt nothing is announced: at its end
# everything is to be read again.
PUT = f"""{ANNOUNCE}{_NOTE_MODELS}
local id = ARGV[1]
local shown = redis.call('HMGET', KEYS[1], 'version', 'indexes')
local version, before = shown[1], shown[2]
if version and tonumber(version) > tonumber(ARGV[2]) then return 0 end
local is_member, names, is_model = {{}}, {{}}, string.find(before or '', ARGV[6], 1, true)
for i = 14, #ARGV, 2 do
  redis.call('ZADD', ARGV[i], ARGV[i + 1], id)
  if string.find(ARGV[i], ARGV[6], 1, true) == 1 then
    redis.call('SADD', KEYS[6], ARGV[i])
    is_model = true
  end
  is_member[ARGV[i]] = true
  names[#names + 1] = ARGV[i]
end
for key in string.gmatch(before or '', '[^\\n]+') do
  if not is_member[key] then
    redis.call('ZREM', key, id)
    if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[6], key) end
  end
end
if ARGV[9] ~= '' then
  if redis.call('HGET', KEYS[9], id) ~= ARGV[9] then redis.call('HSET', KEYS[9], id, ARGV[9]) end
end
if ARGV[10] ~= '' then
  redis.call('HSET', KEYS[10], id, ARGV[10])
else
  redis.call('HDEL', KEYS[10], id)
end
redis.call('HSET', KEYS[11], id, ARGV[12])
if ARGV[13] ~= '' then redis.call('HSET', KEYS[13], id, ARGV[13]) else redis.call('HDEL', KEYS[13], id) end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3], 'indexes', table.concat(names, '\\n'),
  'token', ARGV[5], 'private_to', ARGV[10])
if ARGV[5] == '' then redis.call('DEL', KEYS[4], KEYS[5]) end
if ARGV[11] == 'ended' then redis.call('DEL', KEYS[3]) end
if version or ARGV[11] ~= 'ended' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '4', '*', 'version', ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
if ARGV[7] ~= '' and redis.call('EXISTS', KEYS[8]) == 1 then
  if is_model then note_models(KEYS[12]) end
  if ARGV[8] ~= '' and version and tonumber(version) == tonumber(ARGV[2]) then
    announce(KEYS[7], 'progress', id, ARGV[8], ARGV[10])
  else
    announce(KEYS[7], 'status', id, ARGV[7], ARGV[10])
  end
end
return 1
"""
REMOVE = f"""{ANNOUNCE}{_NOTE_MODELS}
local id = ARGV[1]
local shown = redis.call('HMGET', KEYS[1], 'indexes', 'private_to')
for key in string.gmatch(shown[1] or '', '[^\\n]+') do
  redis.call('ZREM', key, id)
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[7], key) end
end
if shown[1] then announce(KEYS[8], 'deleted', id, ARGV[2], shown[2] or '') end
if string.find(shown[1] or '', ARGV[3], 1, true) then note_models(KEYS[13]) end
redis.call('HDEL', KEYS[10], id)
redis.call('HDEL', KEYS[11], id)
redis.call('HDEL', KEYS[12], id)
redis.call('HDEL', KEYS[14], id)
return redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
"""
# Only by the process that is elected: else Redis was emptied since what was written, which is not all then.
COMPLETE = f"""{ANNOUNCE}{_NOTE_MODELS}
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then return 0 end
if redis.call('SET', KEYS[1], '1', 'NX') then
  note_models(KEYS[3])
  announce(KEYS[2], 'reset', '', ARGV[1], '')
end
return 1
"""
# Only for the attempt that the view has as running: of another one, all of the record is to be shown.
REPORT = f"""{ANNOUNCE}
local shown = redis.call('HMGET', KEYS[1], 'token', 'private_to', 'indexes')
if shown[1] ~= ARGV[2] then return 0 end
if ARGV[6] ~= '' then
  for key in string.gmatch(shown[3], '[^\\n]+') do
    if string.find(key, ARGV[7], 1, true) == 1 then redis.call('ZADD', key, ARGV[6], ARGV[1]) end
  end
end
redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '4', '*', 'attempt', ARGV[2])
if redis.call('TTL', KEYS[2]) < ARGV[3] / 2 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
if ARGV[5] ~= '' then announce(KEYS[4], 'progress', ARGV[1], ARGV[5], shown[2]) end
return 1
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
_SHARED_KEYS = (
    *(keys.MODEL_INDEXES, keys.EVENTS, keys.COMPLETE, keys.OWNERS, keys.PRIVATE),
    *(keys.SHOWN, keys.MODELS, keys.NEEDS),
)


def progress_event(record: Record) -> str:
    """The data of the event; "" without progress."""
    if record.progress is None:
        return ""
    return ExperimentProgress(experiment_id=record.id, progress=record.progress).model_dump_json()


def put_keys(record: Record) -> list[str]:
    return [*_own_keys(record.id), *_SHARED_KEYS]


def put_arguments(record: Record, summary: str) -> list[str | int]:
    return [
        record.id,
        record.version,
        record.model_dump_json(),
        keys.CHANGES_SECONDS,
        str(record.attempts) if record.is_running else "",
        keys.model_index(""),
        summary,
        progress_event(record),
        record.owner or "",
        record.privacy.private_to,
        "ended" if record.status.is_terminal else "live",
        str(ShownState.of(record)),
        Needs.shown(record),
        *(str(part) for pair in memberships(record).items() for part in pair),
    ]


def remove_keys(experiment_id: str) -> list[str]:
    return [*_own_keys(experiment_id), keys.lease(experiment_id), *_SHARED_KEYS]


def _own_keys(experiment_id: str) -> list[str]:
    names = (keys.experiment, keys.changes, keys.history, keys.progress, keys.live)
    return [name(experiment_id) for name in names]
