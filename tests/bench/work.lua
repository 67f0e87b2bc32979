-- What wrk asks for: wrk ... -s work.lua URL -- KIND USERS ORDERS FIRST
-- KIND is a row of the table in bench.py. Users are user1 to userUSERS, orders 1001 to 1000+ORDERS.
-- FIRST is larger in every run on one database, so that no user and no datetime is used twice.

local kThreads = 2
local kGap = 3 * 60 * 60
local kEpoch = 13569465600 -- 2400-01-01: after everything a database is filled with

local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local json = {["Content-Type"] = "application/json"}
local count = 0

local function next_number()
  count = count + 1
  return first + count * kThreads + id
end

local ask = {}
function ask.products() return wrk.format("GET", "/api/products") end
function ask.user() return wrk.format("GET", "/api/users/user" .. math.random(1, users)) end
function ask.kept() return wrk.format("GET", "/orders/223") end -- the seed's: a reset keeps it
function ask.order() return wrk.format("GET", "/orders/" .. 1000 + math.random(1, orders)) end
function ask.place()
  return wrk.format("POST", "/api/orders", json,
    '{"order":{"items":["netflix","spotify"],"user_id":"new' .. next_number() .. '"}}')
end
function ask.book()
  return wrk.format("POST", "/orders", json,
    os.date('!{"datetime":"%Y-%m-%dT%H:%M:%S.000Z","totalfee":100,"services":[{"id":"123"}]}',
      kEpoch + next_number() * kGap))
end
function ask.mixed()
  local share = math.random(1, 10)
  if share == 10 then return ask.book() end
  if share == 9 then return ask.place() end
  local reads = {ask.products, ask.user, ask.order}
  return reads[share % 3 + 1]()
end

function init(args)
  users, orders, first = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  math.randomseed(first + id + 1)
  if args[1] == "products" then
    wrk.path = "/api/products" -- always the same: wrk need not ask
  else
    request = ask[args[1]]
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests":%d,"us":%d,"bytes":%d,"p50":%d,"p99":%d,"max":%d,"errors":%d}',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
