// Command findingsdoc writes docs/findings.md: a section for every finding, from
// what the detectors (analyzer/detect), their thresholds and the manual
// (report/explain) say of it, with a capture in which it occurs. It is run by
// go generate ./analyzer/detect.
//
// A case of a finding is looked for in testdata/pcaps first: the shortest capture,
// rather of the client's tap. What none of them shows a story of the lab does, or a
// script.
package main
