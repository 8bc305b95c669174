// Package text prints the report that people read in a terminal: the verdict
// first, then the proof, then the data. It takes the records as they come,
// keeps what package digest keeps of them, and prints at the end.
package text
