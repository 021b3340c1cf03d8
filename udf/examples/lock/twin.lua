#!lua name=lock
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same key.

local OWNER_MAX, TTL_MAX_MS, REMEMBERED_MS = 64, 1e12, 86400000

local function int(text, low, high)
  local number = string.match(text, '^%-?%d+$') and tonumber(text) + 0
  if number and low <= number and number <= high then return number end
end

local function wrong_arity(name)
  return redis.error_reply("ERR wrong number of arguments for function '" .. name .. "'")
end

local function bad_argument()
  return redis.error_reply('ERR an argument is not what it should be')
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function is_owner(text)
  return #text >= 1 and #text <= OWNER_MAX
end

-- The lock at a key, `token until_ms owner`; nothing if there never was one; an error if it is no lock.
local function read(key)
  local state = redis.call('GET', key)
  if not state then return nil end
  local token, until_ms, owner = string.match(state, '^(%-?%d+) (%-?%d+) (.*)$')
  if not token then return nil, redis.error_reply('ERR the key does not hold a lock') end
  return {token = tonumber(token), until_ms = tonumber(until_ms), owner = owner}
end

local function write(key, lock, now)
  local state = string.format('%.0f %.0f ', lock.token, lock.until_ms) .. lock.owner
  redis.call('SET', key, state, 'PX', math.max(lock.until_ms - now, 0) + REMEMBERED_MS)
end

local function acquire(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('lock_acquire') end
  local owner, ttl_ms = args[1], int(args[2], 1, TTL_MAX_MS)
  if not (is_owner(owner) and ttl_ms) then return bad_argument() end
  local now = now_ms()
  local lock, foreign = read(keys[1])
  if foreign then return foreign end
  local token = now
  if lock and lock.until_ms > now then
    if lock.owner ~= owner then return {0, lock.until_ms - now} end
    token = lock.token
  elseif lock then
    token = math.max(now, lock.token + 1)
  end
  write(keys[1], {token = token, until_ms = now + ttl_ms, owner = owner}, now)
  return {1, token}
end

local function hold_until(key, owner, until_ms, now)
  local lock, foreign = read(key)
  if foreign then return foreign end
  if not lock or lock.until_ms <= now or lock.owner ~= owner then return 0 end
  write(key, {token = lock.token, until_ms = until_ms, owner = until_ms > now and owner or ''}, now)
  return 1
end

local function extend(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('lock_extend') end
  local ttl_ms = int(args[2], 1, TTL_MAX_MS)
  if not (ttl_ms and is_owner(args[1])) then return bad_argument() end
  local now = now_ms()
  return hold_until(keys[1], args[1], now + ttl_ms, now)
end

local function release(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('lock_release') end
  if not is_owner(args[1]) then return bad_argument() end
  return hold_until(keys[1], args[1], 0, now_ms())
end

local function holder(keys, args)
  if #keys ~= 1 or #args ~= 0 then return wrong_arity('lock_holder') end
  local now = now_ms()
  local lock, foreign = read(keys[1])
  if foreign then return foreign end
  if not lock or lock.until_ms <= now then return nil end
  return {lock.owner, lock.token, lock.until_ms - now}
end

redis.register_function('lock_acquire', acquire)
redis.register_function('lock_extend', extend)
redis.register_function{function_name = 'lock_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'lock_holder', callback = holder, flags = {'no-writes'}}
