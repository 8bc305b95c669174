// Package golden compares what a test printed with a file under testdata.
package golden
