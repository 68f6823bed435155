-- What wrk asks in the bench `serve`: a random key in every request. The file named by the first argument after `--`
-- holds the path before the key, the bearer token (or an empty line), and then one key on each line.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  math.randomseed(7919 * number)
  keys = {}
  local line = 0
  for text in io.lines(args[1]) do
    line = line + 1
    if line == 1 then
      head = "GET " .. text
    elseif line == 2 then
      token = text
    else
      keys[#keys + 1] = text
    end
  end
  tail = " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nAccept: application/json\r\n"
  if token ~= "" then
    tail = tail .. "Authorization: Bearer " .. token .. "\r\n"
  end
  tail = tail .. "\r\n"
  count = #keys
  random = math.random
end

function request()
  return head .. keys[random(count)] .. tail
end

-- One line for the bench; wrk's own words are for people.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'result {"requests":%d,"micros":%d,"bytes":%d,"refused":%d,"broken":%d,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f}\n',
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50.0), latency:percentile(90.0), latency:percentile(99.0), latency.max))
end
