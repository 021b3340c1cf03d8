#!lua name=idempotency
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same key.

local OWNER_MAX, RESPONSE_MAX, TTL_MAX_MS = 64, 32768, 1e12

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

local function is_owner(text)
  return #text >= 1 and #text <= OWNER_MAX
end

-- How far the request is, and what is behind the mark; an error if the key holds something else.
local function read(key)
  local state = redis.call('GET', key)
  if not state then return 'new' end
  local mark = string.sub(state, 1, 1)
  if mark == 'D' then return 'done', string.sub(state, 2) end
  if mark == 'R' then return 'running', string.sub(state, 2) end
  return nil, redis.error_reply('ERR the key does not hold a request')
end

local function begin(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('idempotency_begin') end
  local key, owner, limit_ms = keys[1], args[1], int(args[2], 1, TTL_MAX_MS)
  if not (is_owner(owner) and limit_ms) then return bad_argument() end
  local state, content = read(key)
  if not state then return content end
  if state == 'done' then return {'done', content} end
  if state == 'running' and content ~= owner then
    return {'running', redis.call('PTTL', key)}
  end
  redis.call('SET', key, 'R' .. owner, 'PX', limit_ms)
  return {'started'}
end

local function finish(keys, args)
  if #keys ~= 1 or #args ~= 3 then return wrong_arity('idempotency_finish') end
  local key, owner, response, keep_ms = keys[1], args[1], args[2], int(args[3], 1, TTL_MAX_MS)
  if not (is_owner(owner) and keep_ms) then return bad_argument() end
  if #response > RESPONSE_MAX then
    return redis.error_reply('ERR a value of ' .. #response .. ' bytes does not fit')
  end
  local state, content = read(key)
  if not state then return content end
  if state ~= 'running' or content ~= owner then return 0 end
  redis.call('SET', key, 'D' .. response, 'PX', keep_ms)
  return 1
end

local function cancel(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('idempotency_cancel') end
  if not is_owner(args[1]) then return bad_argument() end
  local state, content = read(keys[1])
  if not state then return content end
  if state ~= 'running' or content ~= args[1] then return 0 end
  return redis.call('DEL', keys[1])
end

local function replay(keys, args)
  if #keys ~= 1 or #args ~= 0 then return wrong_arity('idempotency_replay') end
  local state, content = read(keys[1])
  if not state then return content end
  return state == 'done' and content or nil
end

redis.register_function('idempotency_begin', begin)
redis.register_function('idempotency_finish', finish)
redis.register_function{function_name = 'idempotency_cancel', callback = cancel, flags = {'allow-oom'}}
redis.register_function{function_name = 'idempotency_replay', callback = replay, flags = {'no-writes'}}
