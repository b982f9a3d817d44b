-- Lets wrk post requests that were signed before: `cargo bench --bench throughput -- wrk ours` writes them to a file,
-- each behind a line with its length, and runs wrk with this script.

local requests = {}
local last = 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   for length in function() return file:read("*n") end do
      file:read(1)
      requests[#requests + 1] = file:read(length)
   end
   file:close()
end

function request()
   last = last % #requests + 1
   return requests[last]
end

function done(summary)
   io.write(string.format("%d answers were not 2xx\n", summary.errors.status))
end
