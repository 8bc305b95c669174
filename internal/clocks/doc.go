// Package clocks compares the clocks of captures by the segments that they share.
//
// Two captures of one path hold the same segments. What goes from tap A to tap B is
// stamped later at B by the way between the taps and by what B's clock is ahead; what
// goes the other way, by what it is ahead less the way. Half-way between the two is the
// difference of the clocks, if the way takes the same time in both directions.
//
// A sample of each file is read before the analysis: its head and, if that leaves a file
// without a partner, more of it, within a bound for all files together. Of what is read the
// segments with the lowest hashes are kept, so that of two files the same ones are.
package clocks
