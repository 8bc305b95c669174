package prefetch

import (
	"testing"
	"unsafe"
)

// TestLines: any address will do, since nothing is read.
func TestLines(t *testing.T) {
	var room [256]byte
	Lines(unsafe.Pointer(&room), len(room)/LineSize)
	Lines(nil, 3)
	One(unsafe.Pointer(&room))
	Three(unsafe.Pointer(&room))
	Own(unsafe.Pointer(&room))
	OwnThree(unsafe.Pointer(&room))
	Of(&room)
	if room != [256]byte{} {
		t.Error("what was asked for has changed")
	}
	Four(unsafe.Pointer(&room), nil, unsafe.Pointer(&room))
	Lines(unsafe.Add(unsafe.Pointer(&room), 1<<20), 100)
}
