#!lua name=sliding_window
-- The same function as src/lib.rs, for servers that have only Lua: same replies, same key.

local PARTS, SLICES, COUNT_MAX = 10, 11, 1e9

local function int(text, low, high)
  local number = string.match(text, '^%-?%d+$') and tonumber(text) + 0
  if number and low <= number and number <= high then return number end
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What the string says: the length of a slice, the newest one's number, counts from the newest to the oldest.
local function parse(state)
  local numbers = {}
  for word in string.gmatch(state .. ' ', '([^ ]*) ') do
    local number = int(word, -math.huge, math.huge)
    if not number then return nil end
    numbers[#numbers + 1] = number
  end
  return #numbers == 2 + SLICES and numbers or nil
end

local function sliding_window(keys, args)
  if #keys ~= 1 or #args < 2 or #args > 3 then
    return redis.error_reply("ERR wrong number of arguments for function 'sliding_window'")
  end
  local quantity = int(args[3] or '1', 0, COUNT_MAX)
  local limit, window_ms = int(args[1], 1, COUNT_MAX), int(args[2], 1, 1e12)
  if not (quantity and limit and window_ms) then
    return redis.error_reply('ERR an argument is not what it should be')
  end
  local slice_ms = math.ceil(window_ms / PARTS)

  local now = now_ms()
  local newest, counts, used = math.floor(now / slice_ms), {}, 0
  for slice = 1, SLICES do counts[slice] = 0 end
  local state = redis.call('GET', keys[1])
  if state then
    local kept = parse(state)
    if not kept then return redis.error_reply('ERR the key does not hold a window') end
    if kept[1] == slice_ms then
      newest = math.max(newest, kept[2])
      local age = newest - kept[2]
      for slice = 1, SLICES - age do
        counts[slice + age] = kept[2 + slice]
        used = used + kept[2 + slice]
      end
    end
  end

  if used + quantity <= limit then
    if quantity > 0 then
      counts[1] = counts[1] + quantity
      local text = string.format('%.0f %.0f ', slice_ms, newest) .. table.concat(counts, ' ')
      redis.call('SET', keys[1], text, 'PX', slice_ms * SLICES)
    end
    return {1, limit - used - quantity, 0}
  end
  local remaining = math.max(limit - used, 0)
  if quantity > limit then return {0, remaining, -1} end
  local oldest = SLICES
  while used > limit - quantity do
    used = used - counts[oldest]
    oldest = oldest - 1
  end
  return {0, remaining, (newest + SLICES - oldest) * slice_ms - now}
end

redis.register_function('sliding_window', sliding_window)
