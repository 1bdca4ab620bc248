module gale/benchmarks

go 1.19
