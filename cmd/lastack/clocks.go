package main

import (
	"fmt"
	"time"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/clocks"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// maxClocks is how many files a message tells of by name.
const maxClocks = 10

// agree corrects the times of files whose clocks differ, as the segments that they share
// show, and says so.
func (a *app) agree(s *settings, set *capture.Set) {
	files, told, more := set.Files(), 0, 0
	for _, d := range clocks.Compare(files, s.decapPorts.ports) {
		if d.Sure {
			set.Shift(d.File, -int64(d.Ahead))
		}
		switch {
		case s.quiet:
		case told == maxClocks:
			more++
		default:
			told++
			fmt.Fprintf(a.err, "lastack: %s\n", report.Sanitize(differs(files, &d)))
		}
	}
	if more > 0 {
		fmt.Fprintf(a.err, "lastack: so it is with the clocks of %s\n", words.Plural(more, "more file"))
	}
}

// differs says what the clock of a file is ahead, and how that is known.
func differs(files []capture.FileInfo, d *clocks.Difference) string {
	way, length := "ahead of", d.Ahead
	if length < 0 {
		way, length = "behind", -length
	}
	name, by := files[d.File].Name, words.Seconds(length.Round(time.Microsecond).Seconds())
	if !d.Sure {
		return fmt.Sprintf("%s: its clock may be %s %s that of %s: so say %s, but of one direction only; its times are left as they are",
			name, by, way, files[d.Reference].Name, words.Plural(d.Segments[0], "segment")+" that both have")
	}
	if d.Segments == [2]int{} {
		return fmt.Sprintf("%s: its clock is %s %s that of %s, and is corrected: it is that of %s, by its name (--keep-clocks leaves it as it is)",
			name, by, way, files[d.Reference].Name, files[d.With].Name)
	}
	shared := "both"
	if d.With != d.Reference {
		shared = "it and " + files[d.With].Name
	}
	return fmt.Sprintf("%s: its clock is %s %s that of %s, and is corrected: so say the segments that %s have, %d of one direction and %d of the other (--keep-clocks leaves it as it is)",
		name, by, way, files[d.Reference].Name, shared, d.Segments[0], d.Segments[1])
}
