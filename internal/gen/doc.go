// Command gen writes large captures, for benchmarks and for tests by hand:
//
//	go run ./internal/gen -packets 10000000 -connections 180000 -o big.pcap
//	go run ./internal/gen -format pcapng -o - | lastack analyze -
//
// What the capture was meant to show goes to standard error, as JSON with the
// keys of lastack's summary record. The stories and what they are made of are
// those of package load.
package main
