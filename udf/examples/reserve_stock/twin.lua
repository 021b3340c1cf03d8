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

local function count(key, field)
  return tonumber(redis.call('HGET', key, field) or 0)
end

local function add(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('stock_add') end
  local key, quantity = keys[1], int(args[1], 1, QUANTITY_MAX)
  if not quantity then return bad_argument() end
  if count(key, 'free') + count(key, 'held') + count(key, 'sold') + quantity > ADDED_MAX then
    return redis.error_reply('ERR increment or decrement would overflow')
  end
  return redis.call('HINCRBY', key, 'free', quantity)
end

local function reserve(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('stock_reserve') end
  local key, id, quantity = keys[1], args[1], int(args[2], 1, QUANTITY_MAX)
  if not (is_id(id) and quantity) then return bad_argument() end
  local free, held = count(key, 'free'), redis.call('HGET', key, 'hold:' .. id)
  if held then
    if tonumber(held) == quantity then return {1, free} end
    return redis.error_reply('ERR the reservation has another quantity')
  end
  if free < quantity then return {0, free} end
  redis.call('HSET', key, 'hold:' .. id, quantity)
  redis.call('HINCRBY', key, 'held', quantity)
  return {1, redis.call('HINCRBY', key, 'free', -quantity)}
end

local function close(keys, args, name, counter)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity(name) end
  local key, id = keys[1], args[1]
  if not is_id(id) then return bad_argument() end
  local held = count(key, 'hold:' .. id)
  if held > 0 then
    redis.call('HINCRBY', key, counter, held)
    redis.call('HINCRBY', key, 'held', -held)
    redis.call('HDEL', key, 'hold:' .. id)
  end
  return {held, count(key, 'free')}
end

local function release(keys, args)
  return close(keys, args, 'stock_release', 'free')
end

local function commit(keys, args)
  return close(keys, args, 'stock_commit', 'sold')
end

local function counts(keys, args)
  if #keys ~= 1 or #args ~= 0 then return wrong_arity('stock_count') end
  return {count(keys[1], 'free'), count(keys[1], 'held'), count(keys[1], 'sold')}
end

redis.register_function('stock_add', add)
redis.register_function('stock_reserve', reserve)
redis.register_function{function_name = 'stock_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'stock_commit', callback = commit, flags = {'allow-oom'}}
redis.register_function{function_name = 'stock_count', callback = counts, flags = {'no-writes'}}
