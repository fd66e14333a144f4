-- Logins with distinct ids over HTTP, for wrk, in 1,000 accounts: `wrk -s http.lua URL -- TOKEN RUN PREFIX USERS`
local token, run, prefix, users = "", "", "a", 20
local counts = { granted = 0, refused = 0, other = 0 }
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  token, run, prefix, users = args[1], args[2], args[3], tonumber(args[4])
  math.randomseed(number + 1)
  asked, granted, refused, other = 0, 0, 0, 0
end

function request()
  asked = asked + 1
  local path = "/v1/accounts/" .. prefix .. math.random(1, 1000) .. "/logins"
  local body = '{"user":"u' .. math.random(1, users) .. '"}'
  return wrk.format("POST", path, {
    ["authorization"] = "Bearer " .. token,
    ["content-type"] = "application/json",
    ["idempotency-key"] = run .. "-" .. number .. "-" .. asked,
  }, body)
end

function response(status)
  if status == 201 then granted = granted + 1
  elseif status == 409 then refused = refused + 1
  else other = other + 1 end
end

function done(summary, latency)
  for _, thread in ipairs(threads) do
    counts.granted = counts.granted + thread:get("granted")
    counts.refused = counts.refused + thread:get("refused")
    counts.other = counts.other + thread:get("other")
  end
  local seconds = summary.duration / 1e6
  print(string.format("%.0f answers/s (%.0f granted/s), p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, %d other answers, %d errors",
    (counts.granted + counts.refused) / seconds, counts.granted / seconds,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000,
    counts.other, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
