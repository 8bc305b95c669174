// Package bench measures the data path layer by layer and as a whole, on
// loads of internal/gen/load. The benchmarks report ns and allocations a
// packet, whatever an operation is:
//
//	go test ./bench -bench .
//
// The program in run measures lastack beside other programs, and writes
// docs/performance.md:
//
//	go run ./bench/run
//
// The program in full runs the largest load once, on one core, and says how
// long a packet took and how much memory was used at most:
//
//	go run ./bench/full
package bench
