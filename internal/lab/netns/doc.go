// Package netns makes network namespaces for the lab: each with its own
// thread, TUN device, addresses, sysctls and counters, and small TCP hash
// tables, so that inet_diag can look through them every few milliseconds.
// A namespace has no name and ends with the process, even with kill -9.
package netns
