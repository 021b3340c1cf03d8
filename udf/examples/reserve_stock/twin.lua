#!lua name=reserve_stock
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same key.

local ID_MAX, QUANTITY_MAX, ADDED_MAX = 64, 1e12, 1e15

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

local function is_id(text)
  return #text >= 1 and #text <= ID_MAX
end

-- What the fields hold, 0 for one that is not there.
local function numbers(key, ...)
  local found = redis.call('HMGET', key, ...)
  for at, text in ipairs(found) do found[at] = tonumber(text or 0) end
  return unpack(found)
end

local function add(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('stock_add') end
  local key, quantity = keys[1], int(args[1], 1, QUANTITY_MAX)
  if not quantity then return bad_argument() end
  local free, held, sold = numbers(key, 'free', 'held', 'sold')
  if free + held + sold + quantity > ADDED_MAX then
    return redis.error_reply('ERR increment or decrement would overflow')
  end
  return redis.call('HINCRBY', key, 'free', quantity)
end

local function reserve(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('stock_reserve') end
  local key, id, quantity = keys[1], args[1], int(args[2], 1, QUANTITY_MAX)
  if not (is_id(id) and quantity) then return bad_argument() end
  local hold = 'hold:' .. id
  local found = redis.call('HMGET', key, 'free', 'held', hold)
  local free, held, known = tonumber(found[1] or 0), tonumber(found[2] or 0), found[3]
  if known then
    if tonumber(known) == quantity then return {1, free} end
    return redis.error_reply('ERR the reservation has another quantity')
  end
  if free < quantity then return {0, free} end
  redis.call('HSET', key, hold, quantity, 'held', held + quantity, 'free', free - quantity)
  return {1, free - quantity}
end

local function close(keys, args, name, counter)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity(name) end
  local key, id = keys[1], args[1]
  if not is_id(id) then return bad_argument() end
  local hold = 'hold:' .. id
  local known, held, free, count = numbers(key, hold, 'held', 'free', counter)
  if known > 0 then
    redis.call('HSET', key, 'held', held - known, counter, count + known)
    redis.call('HDEL', key, hold)
    if counter == 'free' then free = count + known end
  end
  return {known, free}
end

local function release(keys, args)
  return close(keys, args, 'stock_release', 'free')
end

local function commit(keys, args)
  return close(keys, args, 'stock_commit', 'sold')
end

local function counts(keys, args)
  if #keys ~= 1 or #args ~= 0 then return wrong_arity('stock_count') end
  return {numbers(keys[1], 'free', 'held', 'sold')}
end

redis.register_function('stock_add', add)
redis.register_function('stock_reserve', reserve)
redis.register_function{function_name = 'stock_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'stock_commit', callback = commit, flags = {'allow-oom'}}
redis.register_function{function_name = 'stock_count', callback = counts, flags = {'no-writes'}}
