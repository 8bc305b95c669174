// Package flow finds the current connection of a four-tuple: a hash table from
// the canonical key to the index of a connection in its owner's slab.
//
// It stands between wire, whose key it hashes, and analyzer, which owns one
// table and one slab. The table holds no pointers and no keys: those are read
// from the slab, so that a look-up touches one line of the table and one
// connection.
package flow
