#!lua name=leaderboard
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same key.

local NAME_MAX, POINTS_MAX, ROWS_MAX, RADIUS_MAX = 256, 1e12, 1000, 500

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

local function add(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('leaderboard_add') end
  local member, more = args[1], int(args[2], -POINTS_MAX, POINTS_MAX)
  if not more or #member < 1 or #member > NAME_MAX then return bad_argument() end
  local score = redis.call('ZINCRBY', keys[1], 0 - more, member)
  return {redis.call('ZRANK', keys[1], member) + 1, 0 - score}
end

local function rows(key, first, last)
  local found, reply = redis.call('ZRANGE', key, first, last, 'WITHSCORES'), {}
  for at = 1, #found, 2 do
    local member, score = found[at], found[at + 1]
    local rank, fits = first + #reply + 1, #member <= NAME_MAX
    reply[#reply + 1] = fits and {rank, member, 0 - score} or {rank, false, false}
  end
  return reply
end

local function top(keys, args)
  if #keys ~= 1 or #args ~= 1 then return wrong_arity('leaderboard_top') end
  local count = int(args[1], 1, ROWS_MAX)
  if not count then return bad_argument() end
  return rows(keys[1], 0, count - 1)
end

local function around(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('leaderboard_around') end
  local radius = int(args[2], 0, RADIUS_MAX)
  if not radius then return bad_argument() end
  local place = redis.call('ZRANK', keys[1], args[1])
  if not place then return {} end
  return rows(keys[1], math.max(place - radius, 0), place + radius)
end

redis.register_function('leaderboard_add', add)
redis.register_function{function_name = 'leaderboard_top', callback = top, flags = {'no-writes'}}
redis.register_function{function_name = 'leaderboard_around', callback = around, flags = {'no-writes'}}
