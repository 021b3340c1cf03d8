#!lua name=due_jobs
-- The same functions as src/lib.rs, for servers that have only Lua: same replies, same keys.

local JOB_MAX, MOVES_MAX, DELAY_MAX_MS = 4096, 1000, 1e12

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

local function add(keys, args)
  if #keys ~= 1 or #args ~= 2 then return wrong_arity('due_jobs_add') end
  local job, delay_ms = args[1], int(args[2], 0, DELAY_MAX_MS)
  if not delay_ms or #job < 1 or #job > JOB_MAX then return bad_argument() end
  return redis.call('ZADD', keys[1], now_ms() + delay_ms, job)
end

local function move_due(keys, args)
  if #keys ~= 2 or #args ~= 1 then return wrong_arity('due_jobs_move') end
  local schedule, queue, most = keys[1], keys[2], int(args[1], 1, MOVES_MAX)
  if not most then return bad_argument() end
  local now = now_ms()
  local due = redis.call('ZRANGEBYSCORE', schedule, '-inf', now, 'LIMIT', 0, most)
  local moved, too_long = #due, nil
  for at, job in ipairs(due) do
    if #job > JOB_MAX then
      moved, too_long = at - 1, #job
      break
    end
  end
  if moved > 0 then
    redis.call('RPUSH', queue, unpack(due, 1, moved))
    redis.call('ZREMRANGEBYRANK', schedule, 0, moved - 1)
  end
  if too_long then
    return redis.error_reply('ERR a value of ' .. too_long .. ' bytes does not fit')
  end
  local first = redis.call('ZRANGE', schedule, 0, 0, 'WITHSCORES')
  local next_ms = -1
  if first[1] then
    next_ms = math.max(math.floor(first[2]) - now, 0)
  end
  return {moved, next_ms}
end

redis.register_function('due_jobs_add', add)
redis.register_function('due_jobs_move', move_due)
