// Package detect turns a finished connection into findings: what is worth
// telling of it, with the frames that prove it.
//
// It stands above the records of package report and beside analyzer, which
// calls it once for each connection that became final. A detector is a value:
// an id, what it means, and a pure function of Input. It has no state, no
// clock and sees no packet, so a connection without anything unusual costs
// nothing while it lives. It decides first and writes its texts afterwards,
// which a brief look leaves out.
//
// Some things no single connection shows. A Survey takes every finished connection and
// counts it by listener, by client and service, by host and by path, in memory that has
// a bound; the detectors that have a survey function look at those groups once, when the
// capture ends. Each part of a Pool has a Survey of its own, and they merge.
package detect

//go:generate go run ../../internal/findingsdoc ../../docs/findings.md
