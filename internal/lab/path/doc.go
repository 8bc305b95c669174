// Package path is the lab's network: it carries packets between the TUN
// devices of two hosts, delays each way, and drops, delays, repeats, rewrites,
// holds, fragments or adds packets as its rules say. It logs what it did.
package path
