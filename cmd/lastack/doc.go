// Command lastack tells from a packet capture which states both ends of every
// TCP connection went through, how each connection opened and closed, and what
// stands out, with the frames that prove it.
//
// It is the only place that knows of flags, exit codes, signals, terminals and
// the wall clock. The way of a run is short:
//
//	settings -> source -> analyzer.Analyzer -> report.Sink
//
// settings.go and its neighbours read flags and LASTACK_ variables, job.go
// holds the loop, output.go chooses the sink; the other files are a command
// each.
package main
