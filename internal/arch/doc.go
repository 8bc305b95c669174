// Package arch holds the code to the map of ARCHITECTURE.md: which package may
// import which. It has tests only.
package arch
