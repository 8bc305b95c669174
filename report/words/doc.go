// Package words says what records hold in plain English: numbers with their
// units, how a connection opened and ended. It stands between package report
// and the renderers that people read, which all use the same words.
package words
