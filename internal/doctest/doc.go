// Package doctest runs the examples of the documents: every console block of
// README.md and docs/ whose lines begin with "$ lastack" is run in the root of
// the repository, and what it prints is compared. It has tests only.
package doctest
