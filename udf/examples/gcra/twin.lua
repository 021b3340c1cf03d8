#!lua name=gcra
-- The same function as src/lib.rs, for servers that have only Lua: same replies, same key.

local AHEAD_MAX_US = 1e15

local function int(text, low, high)
  local number = string.match(text, '^%-?%d+$') and tonumber(text) + 0
  if number and low <= number and number <= high then return number end
end

local function bad_argument()
  return redis.error_reply('ERR an argument is not what it should be')
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function gcra(keys, args)
  if #keys ~= 1 or #args < 3 or #args > 4 then
    return redis.error_reply("ERR wrong number of arguments for function 'gcra'")
  end
  local quantity = int(args[4] or '1', 0, 1e6)
  local burst, count, period_s = int(args[1], 0, 1e6), int(args[2], 1, 1e9), int(args[3], 1, 1e6)
  if not (quantity and burst and count and period_s) then return bad_argument() end
  local most, interval_us = burst + 1, math.ceil(period_s * 1e6 / count)
  if interval_us * most > AHEAD_MAX_US then return bad_argument() end

  local now_us = now_ms() * 1000
  local arrival_us = int(redis.call('GET', keys[1]) or '0', -math.huge, math.huge)
  if not arrival_us then return bad_argument() end
  arrival_us = math.min(math.max(arrival_us, now_us), now_us + AHEAD_MAX_US)

  local room_us, taken_us = interval_us * most, interval_us * quantity
  local next_us = arrival_us + taken_us
  local early_us = next_us - room_us - now_us
  local limited = early_us > 0
  local ahead_us = (limited and arrival_us or next_us) - now_us
  if not limited and taken_us > 0 then
    redis.call('SET', keys[1], string.format('%.0f', next_us), 'PX', math.ceil(ahead_us / 1000))
  end
  return {
    limited and 1 or 0,
    most,
    math.floor(math.max(room_us - ahead_us, 0) / interval_us),
    limited and taken_us <= room_us and math.ceil(early_us / 1e6) or -1,
    math.ceil(ahead_us / 1e6),
  }
end

redis.register_function('gcra', gcra)
