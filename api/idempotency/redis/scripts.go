package redis

import goredis "github.com/redis/go-redis/v9"

// The scripts are the state machine of idempotency.State on the server: each method is one script, so that it is atomic and takes one round
// trip. They use only what Redis 5 has. Rules for all of them:
//
//   - The clock is the server's own (TIME). Redis 5 and later replicate what a script wrote, not the script, so replicas do not read theirs.
//   - Each may run twice: the client library repeats a command after a lost reply. The owner token distinguishes a repetition from a rival.
//   - The first write of a script is one that Redis refuses when it is out of memory (HSET), unless all its writes free memory: Redis checks
//     only before the first write, and a script that began with DEL would go on to write without a further check.
//   - Keys: the record, the two sorted sets of its shard and the hash of the shard's checks. All have the same hash tag.

// scriptHead begins every script about one record. It reads the fields that decide, and defines the answer: a word, then the fields in the
// order of the constants field..., false for a field that is missing.
const scriptHead = `
local record, open, unknown = KEYS[1], KEYS[2], KEYS[3]
local id, keep_done, keep_unknown = ARGV[1], ARGV[2], ARGV[3]

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state, owner, started, deadline, settled =
  unpack(redis.call('HMGET', record, 'state', 'owner', 'started', 'deadline', 'settled'))

local function answer(word)
  local fields = redis.call('HMGET', record, 'state', 'caller', 'operation', 'fingerprint', 'sealing_key', 'started', 'deadline', 'ended',
    'settled', 'owner', 'result')
  table.insert(fields, 1, word)
  return fields
end

-- What of a freed record a claim replaces, and its release brings back.
local of_attempt = {'owner', 'started', 'deadline', 'ended', 'caller', 'operation', 'fingerprint', 'sealing_key'}

local function turn_unknown(since)
  redis.call('HSET', record, 'state', 'unknown', 'ended', since)
  redis.call('ZADD', unknown, started, id)
  redis.call('ZREM', open, id)
  state = 'unknown'
end

-- A lease that has passed makes the record unknown, from that time on. Its retention was set with the claim and stays.
local function lapse()
  if state == 'in_flight' and now >= tonumber(deadline) then
    turn_unknown(deadline)
    return true
  end
  return false
end
`

// releaseOwn begins with ZREM, after which Redis accepts HSET although it is out of memory: the values were there before, packed.
const releaseOwn = `
if owner == ARGV[4] and (state == 'in_flight' or state == 'unknown') then
  redis.call('ZREM', open, id)
  redis.call('ZREM', unknown, id)
  local freed = redis.call('HMGET', record, 'freed')[1]
  if freed then
    redis.call('HSET', record, 'state', 'freed', 'settled', 1)
    for i, value in ipairs(cmsgpack.unpack(freed)) do
      redis.call('HSET', record, of_attempt[i], value)
    end
    redis.call('HDEL', record, 'freed')
    local ended = redis.call('HMGET', record, 'ended')[1]
    redis.call('PEXPIRE', record, ended + keep_done - now) -- at once when that has passed
  else
    redis.call('DEL', record)
  end
end
return {'done'}
`

var (
	// scriptBegin refuses, before it writes, when a field of the shard's checks differs from ARGV: ARGV[11] is the number of fields, their
	// names follow from ARGV[12] on, then their values.
	scriptBegin = script(`
local claimant, lease, keep, count = ARGV[4], ARGV[5], ARGV[6], ARGV[11]
if redis.call('HMGET', KEYS[5], 'late')[1] then
  return redis.error_reply('WITHDRAWN before it arrived')
end
for i, value in ipairs(redis.call('HMGET', KEYS[4], unpack(ARGV, 12, 11 + count))) do
  if value ~= ARGV[11 + count + i] then
    return {'mismatch', ARGV[11 + i]}
  end
end
local held = lapse() == false and state == 'in_flight' and owner == claimant
if not state or state == 'freed' then
  local till = now + lease
  if state == 'freed' then
    redis.call('HSET', record, 'freed', cmsgpack.pack(redis.call('HMGET', record, unpack(of_attempt))))
  end
  redis.call('HSET', record, 'state', 'in_flight', 'owner', claimant, 'started', now, 'deadline', till,
    'caller', ARGV[7], 'operation', ARGV[8], 'fingerprint', ARGV[9], 'sealing_key', ARGV[10])
  redis.call('HDEL', record, 'ended', 'settled')
  redis.call('PEXPIRE', record, keep)
  redis.call('ZADD', open, till, id)
  started, deadline, held = now, till, true
elseif held then
  -- A repetition. It writes although nothing changes: WAIT is about what its own connection has written, the connection that made the claim
  -- may be gone, and replicas that never saw the claim could answer for a new one. Some versions count other commands too; none has to.
  redis.call('HSET', record, 'owner', claimant)
end
if held then
  return {'acquired', tonumber(started), tonumber(deadline)}
end
return answer('stands')
`)

	scriptFinish = script(`
if owner ~= ARGV[4] or settled or not (state == 'in_flight' or state == 'unknown' or state == 'done') then
  return {'refused'}
end
if state ~= 'done' then
  redis.call('HSET', record, 'state', 'done', 'ended', now, 'result', ARGV[5])
  redis.call('PEXPIRE', record, keep_done)
  redis.call('ZREM', open, id)
  redis.call('ZREM', unknown, id)
end
return {'done'}
`)

	scriptRelease = script(releaseOwn)

	// scriptWithdraw notes for a minute that a claim of the same owner comes too late: a server that hung executes what it has received over
	// several connections in any order. A server that is out of memory takes neither the note nor a claim; after any other error it is repeated.
	scriptWithdraw = script(`
local noted = redis.pcall('HSET', KEYS[5], 'late', 1)
if type(noted) == 'number' then
  redis.call('PEXPIRE', KEYS[5], 60000)
elseif not string.find(noted.err, 'OOM', 1, true) then
  return noted
end
` + releaseOwn)

	scriptMarkUnknown = script(`
lapse()
if owner ~= ARGV[4] or not (state == 'in_flight' or state == 'unknown') then
  return {'refused'}
end
if state == 'in_flight' then
  turn_unknown(now)
  redis.call('PEXPIRE', record, keep_unknown)
end
return {'done'}
`)

	scriptGet = script(`
lapse()
if not state then
  return {'none'}
end
return answer('stands')
`)

	scriptSettle = script(`
local finding = ARGV[4]
lapse()
if not state then
  return {'none'}
end
if redis.sha1hex(owner) ~= ARGV[5] then
  return {'other'}
end
if state == 'unknown' then
  redis.call('HSET', record, 'state', finding, 'settled', 1, 'ended', now)
  if finding == 'done' then
    redis.call('HSET', record, 'result', ARGV[6])
  end
  redis.call('PEXPIRE', record, keep_done)
  redis.call('ZREM', unknown, id)
elseif not (settled and state == finding) then
  return {'refused'}
end
return answer('done')
`)

	// scriptTidy lets a lease pass, and removes the record from the sets where it no longer belongs. An expired hash leaves its members
	// behind.
	scriptTidy = script(`
local turned = lapse()
if state ~= 'in_flight' then
  redis.call('ZREM', open, id)
end
if state ~= 'unknown' then
  redis.call('ZREM', unknown, id)
end
return {turned and 'turned' or 'tidy'}
`)

	// scriptJoin writes a shard's checks where they are absent, and the time at which each sealing key was used. ARGV: how long a key is
	// remembered, the id that the store must have ('' for any), the id for a store without one, the check of the name key, and pairs of
	// a sealing key's id and check.
	scriptJoin = goredis.NewScript(`
local keys, keep, seen, check = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[4]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local store, name = unpack(redis.call('HMGET', keys, 'store', 'name'))
if seen ~= '' and store ~= seen then
  return {'mismatch', 'store'}
end
if name and name ~= check then
  return {'mismatch', 'name'}
end
store = store or ARGV[3]
local fields = {'store', store, 'name', check}
for i = 5, #ARGV, 2 do
  local key, used = 'key:' .. ARGV[i], 'used:' .. ARGV[i]
  local known, since = unpack(redis.call('HMGET', keys, key, used))
  if known and known ~= ARGV[i + 1] and now - (since or 0) < keep then
    return {'mismatch', key}
  end
  for _, text in ipairs({key, ARGV[i + 1], used, now}) do
    table.insert(fields, text)
  end
end
redis.call('HSET', keys, unpack(fields))
return {'joined', store}
`)

	// scriptProbe proves that the scripts and the lists may run: it calls each of their commands on an absent key, in a way that changes
	// nothing. ZADD may change existing members only. HSET lacks a value, which Redis notices after it has checked permissions, role and
	// memory; it comes first, since Redis checks memory only then.
	scriptProbe = goredis.NewScript(`
local absent = KEYS[1]
local refused = redis.pcall('HSET', absent, 'x', 'y', 'z')
if not (type(refused) == 'table' and refused.err and string.find(refused.err, 'wrong number of arguments', 1, true)) then
  return refused
end
redis.call('TIME')
redis.call('HMGET', absent, 'x')
redis.call('HDEL', absent, 'x')
redis.call('DEL', absent)
redis.call('PEXPIRE', absent, 1)
redis.call('ZADD', absent, 'XX', 1, 'x')
redis.call('ZREM', absent, 'x')
redis.call('ZRANGEBYSCORE', absent, 0, 0)
redis.call('ZCARD', absent)
return 'ready'
`)

	// scriptDue lists the ids of a shard for scriptTidy, up to a limit for each set: leases that have passed, and unknowns that started so
	// long ago that their hash may have expired.
	scriptDue = goredis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[1])) do
  table.insert(due, id)
end
return due
`)
)

func script(body string) *goredis.Script { return goredis.NewScript(scriptHead + body) }

// The positions of the fields in an answer.
const (
	fieldWord = iota
	fieldState
	fieldCaller
	fieldOperation
	fieldFingerprint
	fieldSealingKey
	fieldStarted
	fieldDeadline
	fieldEnded
	fieldSettled
	fieldOwner
	fieldResult
	fieldCount
)

// listedFields are the same fields without the word and the result.
var listedFields = []string{"state", "caller", "operation", "fingerprint", "sealing_key", "started", "deadline", "ended", "settled", "owner"}

// The words that begin an answer.
const (
	wordAcquired = "acquired"
	wordDone     = "done"
	wordMismatch = "mismatch" // a field of the checks follows
	wordNone     = "none"
	wordOther    = "other"
	wordRefused  = "refused"
	wordTurned   = "turned"
)
