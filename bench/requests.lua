-- wrk's script: the raw requests of a file, which NUL characters separate, one after the other; at the end one line of
-- JSON. bench/wrk.py writes the file and reads the line.

local requests, number = {}, 0

function init(args)
    local file = assert(io.open(args[1], "rb"))
    for one in file:read("*a"):gmatch("[^%z]+") do
        requests[#requests + 1] = one
    end
    file:close()
end

function request()
    number = number % #requests + 1
    return requests[number]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "duration_s": %.6f, "bytes": %d, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
