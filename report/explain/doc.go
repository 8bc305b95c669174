// Package explain is the offline manual of `lastack explain`: what a finding,
// a state or a term means, how lastack decides it, what looks like it, what to
// check and what to do.
package explain
