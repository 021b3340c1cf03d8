#!lua name=cache_lease
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same key.

local VALUE_MAX, TTL_MAX_MS, REMEMBERED_MS = 32768, 1e12, 60000

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

local function foreign()
  return redis.error_reply('ERR the key does not hold a cache entry')
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What is known of an entry besides its value: nothing if there is none, an error if it is no entry.
local function read(key)
  local text = redis.call('HGET', key, 'meta')
  if not text then return nil end
  local fresh, leased, token = string.match(text, '^(%-?%d+) (%-?%d+) (%-?%d+)$')
  if not fresh then return nil, foreign() end
  return {fresh_until_ms = tonumber(fresh), leased_until_ms = tonumber(leased), token = tonumber(token)}
end

local function meta_text(fresh_until_ms, leased_until_ms, token)
  return string.format('%.0f %.0f %.0f', fresh_until_ms, leased_until_ms, token)
end

-- Gives the lease out; its token.
local function lease(key, meta, now, lease_ms)
  local token = math.max(now, meta.token + 1)
  redis.call('HSET', key, 'meta', meta_text(meta.fresh_until_ms, now + lease_ms, token))
  if redis.call('PTTL', key) < lease_ms then redis.call('PEXPIRE', key, lease_ms) end
  return token
end

local function get(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('cache_get') end
  local key, lease_ms = keys[1], int(args[1], 1, TTL_MAX_MS)
  if not lease_ms then return bad_argument() end
  local now = now_ms()
  local meta, no_entry = read(key)
  if no_entry then return no_entry end
  meta = meta or {fresh_until_ms = 0, leased_until_ms = 0, token = 0}
  local is_leased = meta.leased_until_ms > now
  if meta.fresh_until_ms <= 0 then
    if is_leased then return {'wait', meta.leased_until_ms - now} end
    return {'fill', lease(key, meta, now, lease_ms)}
  end
  local value = redis.call('HGET', key, 'value')
  if not value then return foreign() end
  if meta.fresh_until_ms > now then return {'fresh', value} end
  if is_leased then return {'stale', value} end
  return {'refresh', value, lease(key, meta, now, lease_ms)}
end

local function fill(keys, args)
  if #keys ~= 1 or #args ~= 4 then return wrong_arity('cache_fill') end
  local key, token, value = keys[1], int(args[1], 0, math.huge), args[2]
  local fresh_ms, stale_ms = int(args[3], 1, TTL_MAX_MS), int(args[4], 0, TTL_MAX_MS)
  if not (token and fresh_ms and stale_ms) then return bad_argument() end
  if #value > VALUE_MAX then
    return redis.error_reply('ERR a value of ' .. #value .. ' bytes does not fit')
  end
  local meta, no_entry = read(key)
  if no_entry then return no_entry end
  if not meta or meta.token ~= token or meta.leased_until_ms <= 0 then return 0 end
  redis.call('HSET', key, 'meta', meta_text(now_ms() + fresh_ms, 0, token), 'value', value)
  redis.call('PEXPIRE', key, fresh_ms + stale_ms)
  return 1
end

local function drop_entry(keys, args)
  if #keys ~= 1 or #args ~= 0 then return wrong_arity('cache_drop') end
  local meta, no_entry = read(keys[1])
  if no_entry then return no_entry end
  if not meta then return 0 end
  redis.call('HSET', keys[1], 'meta', meta_text(0, 0, meta.token))
  redis.call('HDEL', keys[1], 'value')
  redis.call('PEXPIRE', keys[1], REMEMBERED_MS)
  return 1
end

redis.register_function('cache_get', get)
redis.register_function('cache_fill', fill)
redis.register_function{function_name = 'cache_drop', callback = drop_entry, flags = {'allow-oom'}}
