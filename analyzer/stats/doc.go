// Package stats has the aggregates from which findings over many connections are
// made: how many of something there were at a time, how often something happened,
// how long things took, which were the first. Each takes one observation after the
// other, in any order, in memory that has a bound; and two of them merge into what
// one would have become that had been given all (a+b = b+a), so that the parts of a
// capture can be counted side by side.
package stats
