// Package truth finds out what each kernel sent, received and believed: a tap
// on each host's device with the kernel's own time stamps, the trace event
// sock:inet_sock_set_state (and the tcp events beside it), and inet_diag
// samples for the mini-sockets that the event does not report. Merge puts the
// three together into one list of states for each endpoint.
//
// What the trace event says and does not say is written down at Merge.
package truth
