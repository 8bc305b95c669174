// Package netns makes network namespaces for the lab: each with its own
// thread, TUN device (or a cable to another, between cards that are left to
// segment), addresses, sysctls and counters, and small TCP hash tables, so that
// inet_diag can look through them every few milliseconds. A namespace has no
// name and ends with the process, even with kill -9.
package netns
