// Package capture reads packet captures: pcap and pcapng, plain or
// compressed, from files, directories and pipes, merged by time.
//
// It is the first stage of the data path. Every input is taken as hostile: a
// reader allocates what it has seen, never what a header claims.
package capture
