// Package doctest runs the examples of the documents: every console block of
// README.md and docs/ whose lines begin with "$ lastack" is run in the root of
// the repository, and what it prints is compared by its tests. A command may go
// on in a pipe: that is left to the shell. internal/findingsdoc writes a page with
// it.
package doctest
