// Package capture reads packet captures: pcap, pcapng, snoop and ERF, plain or
// compressed, from files, directories and pipes, merged by time.
//
// It is the first stage of the data path. Octets take this way:
//
//	file or pipe -> decompressor -> window -> reader of the format -> Set -> Packet
//
// A window reads its input in large blocks and hands out borrowed slices of
// them: nothing is copied or allocated per packet. A Set is the Source over
// all inputs of one run. Each reader owns its buffers and there is no global
// state, so that readers can work side by side: a compressed file, and each of several
// files, is read ahead on a goroutine of its own (ahead.go), unless there is only one
// processor. Standard input and pipes are read by the caller alone.
//
// Formats are known by their magic. ERF has none: what is nothing else and begins with a
// chain of its records is taken for it.
//
// # Bad input
//
// Every input is taken as hostile: a reader allocates for what it has read,
// never for what a header claims. A length that passes a sane bound, and
// everything that cannot be read on from, ends that input with an *Error
// naming file, frame and offset, after every whole packet before it was
// delivered. The other inputs of the Set are read on.
package capture
