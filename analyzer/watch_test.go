package analyzer_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
)

// TestCopyByNetwork: a FIN of which the network made a second one is drawn as that, and not as
// a segment that fits nowhere.
func TestCopyByNetwork(t *testing.T) {
	_, files := archived(t)
	for _, file := range files {
		if !strings.Contains(filepath.ToSlash(file), "/fin-again-in-time-wait/A.pcap") {
			continue
		}
		a := analyzer.New(analyzer.Options{Watch: 1})
		eachPacket(t, file, a.AddPacket)
		a.Close()
		var copies []uint64
		for _, s := range a.Ladder().Segments {
			switch s.Kind {
			case "copy by the network":
				copies = append(copies, s.Frame)
			case "outside every window":
				t.Errorf("frame %d is %s", s.Frame, s.Kind)
			}
		}
		if len(copies) != 1 || copies[0] != 12 {
			t.Errorf("copies by the network: frames %v", copies)
		}
		return
	}
	t.Error("the story is not in the archive")
}
