package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/capture"
)

// timed is a pcap with a packet at each time; their data is the name and the
// number of the packet.
func timed(name string, times ...int64) []byte {
	data := pcapFile(little, nano, 0, 1)
	for i, at := range times {
		data = append(data, record(little, uint32(at/1e9), uint32(at%1e9), 9, fmt.Sprintf("%s%d", name, i+1))...)
	}
	return data
}

// put writes files, by name, below a new directory.
func put(t testing.TB, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, data, 0o600))
	}
	return dir
}

// in are the paths of names in dir.
func in(dir string, names ...string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(dir, name)
	}
	return paths
}

// order is the data of the packets in the order in which they came.
func (r result) order() string {
	var all []string
	for _, p := range r.packets {
		all = append(all, string(p.Data))
	}
	return strings.Join(all, " ")
}

func TestMerge(t *testing.T) {
	for _, c := range []struct {
		name  string
		files [][]byte
		want  string
	}{
		{"one", [][]byte{timed("a", 1, 2, 3)}, "a1 a2 a3"},
		{"one whose time goes back", [][]byte{timed("a", 3, 2, 1, 9)}, "a1 a2 a3 a4"},
		{"interleaved", [][]byte{timed("a", 1, 3, 5), timed("b", 2, 4, 6)}, "a1 b1 a2 b2 a3 b3"},
		{"one after the other", [][]byte{timed("a", 1, 2), timed("b", 3, 4)}, "a1 a2 b1 b2"},
		{"named in the wrong order", [][]byte{timed("a", 5, 6), timed("b", 3, 4), timed("c", 1, 2)}, "c1 c2 b1 b2 a1 a2"},
		{"equal times: the first named first", [][]byte{timed("a", 1, 1, 2), timed("b", 1, 2), timed("c", 1)}, "a1 a2 b1 c1 a3 b2"},
		{"equal to the first of a file not begun", [][]byte{timed("a", 5, 7), timed("b", 1, 5, 9)}, "b1 a1 b2 a2 b3"},
		{"time goes back in one of two", [][]byte{timed("a", 1, 9, 2, 10), timed("b", 3, 4)}, "a1 b1 b2 a2 a3 a4"},
		{"time goes back below another's beginning", [][]byte{timed("a", 8, 1, 9), timed("b", 3, 4)}, "b1 b2 a1 a2 a3"},
		{"empty captures", [][]byte{timed("a"), timed("b", 1), timed("c")}, "b1"},
		{"one inside another", [][]byte{timed("a", 1, 2, 8, 9), timed("b", 3, 4, 5)}, "a1 a2 b1 b2 b3 a3 a4"},
		{"before 1970", [][]byte{timed("a", 1), join(section(little), iface(little, 1, 0, option(little, 14, ^uint64(0))), enhanced(little, 0, 0, 1, "b1"))}, "b1 a1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{}
			var names []string
			for i, data := range c.files {
				names = append(names, fmt.Sprint(i))
				files[names[i]] = data
			}
			dir := put(t, files)
			r, infos := readFiles(t, in(dir, names...)...)
			if got := r.order(); got != c.want || len(r.errs) > 0 {
				t.Errorf("%s %v\nwant %s", got, r.errs, c.want)
			}
			for i, p := range r.packets {
				if p.Number != uint64(i+1) || len(infos[p.File].Name) == 0 {
					t.Errorf("packet %d has number %d", i+1, p.Number)
				}
				if want := fmt.Sprintf("%c%d", 'a'+p.File, p.Frame); want != string(p.Data) {
					t.Errorf("%s says it is %s", p.Data, want)
				}
			}
		})
	}
}

// TestMergeRandom compares with sorting by the rule as it is documented.
func TestMergeRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		var times [][]int64
		files := map[string][]byte{}
		var names []string
		for f := range 1 + rnd.IntN(6) {
			start, list := rnd.Int64N(20), []int64{}
			for range rnd.IntN(8) {
				list = append(list, max(start+rnd.Int64N(8)-1, 0))
				start += rnd.Int64N(5)
			}
			times = append(times, list)
			names = append(names, fmt.Sprint(f))
			files[names[f]] = timed(string(rune('a'+f)), list...)
		}
		dir := put(t, files)
		r, _ := readFiles(t, in(dir, names...)...)
		if got, want := r.order(), naiveMerge(times); got != want {
			t.Fatalf("%v\n got %s\nwant %s", times, got, want)
		}
	}
}

func naiveMerge(times [][]int64) string {
	var order []string
	next := make([]int, len(times))
	for {
		best := -1
		for f, list := range times {
			if next[f] < len(list) && (best < 0 || list[next[f]] < times[best][next[best]]) {
				best = f
			}
		}
		if best < 0 {
			return strings.Join(order, " ")
		}
		next[best]++
		order = append(order, fmt.Sprintf("%c%d", 'a'+best, next[best]))
	}
}

func TestOneBadFile(t *testing.T) {
	dir := put(t, map[string][]byte{
		"good":   timed("a", 1, 3, 5),
		"cut":    timed("b", 2, 4, 6)[:24+18+17],
		"text":   []byte("hello"),
		"header": timed("c")[:10],
		"last":   timed("d", 7),
	})
	paths := in(dir, "good", "missing", "cut", "text", "header", "last")
	r, infos := readFiles(t, paths...)
	if got := r.order(); got != "a1 b1 a2 a3 d1" {
		t.Error(got)
	}
	want := []string{
		paths[1] + ": no such file or directory",
		paths[3] + ": not a capture in a known format: looks like text (text2pcap makes a capture of a hex dump)",
		paths[4] + ": offset 0: the capture is cut off in this file header: 10 of 24 octets are there",
		paths[2] + ": frame 2, offset 42: the capture is cut off in this packet record: 17 of 18 octets are there",
	}
	if d := cmp.Diff(want, r.errs); d != "" {
		t.Error(d)
	}
	var names []string
	for _, f := range infos {
		names = append(names, filepath.Base(f.Name))
	}
	if got := fmt.Sprint(names); got != "[good cut last]" {
		t.Error(got)
	}
	if infos[1].Err == nil || infos[0].Err != nil || infos[1].Packets != 1 {
		t.Errorf("%+v", infos)
	}
}

func TestNothingToRead(t *testing.T) {
	dir := put(t, map[string][]byte{"text": []byte("hello"), "empty": nil, "sub/notes": []byte("x")})
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{nil, "no input"},
		{in(dir, "text"), dir + "/text: not a capture in a known format: looks like text (text2pcap makes a capture of a hex dump)"},
		{in(dir, "empty"), dir + "/empty: not a capture in a known format: the file is empty"},
		{in(dir, "missing"), dir + "/missing: no such file or directory"},
		{[]string{dir}, dir + ": no captures in this directory"},
		{in(dir, "text", "missing"), dir + "/text: not a capture in a known format: looks like text (text2pcap makes a capture of a hex dump)\n" + dir + "/missing: no such file or directory"},
	} {
		s, err := capture.Open(c.paths, capture.Options{})
		if s != nil || err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.paths, err, c.want)
		}
	}
	_, err := capture.Open([]string{dir}, capture.Options{Recursive: true})
	if e, ok := errors.AsType[*capture.Error](err); !ok || !errors.Is(err, capture.ErrNoCaptures) || e.File != dir {
		t.Errorf("%v", err)
	}
}

func TestDirectories(t *testing.T) {
	dir := put(t, map[string][]byte{
		"b.pcap": timed("b", 2), "a": timed("a", 1), "c.pcap.gz": compress(t, "gzip", timed("c", 3)),
		"README": []byte("text"), "empty": nil, "log.gz": compress(t, "gzip", []byte("text")), "broken.gz": {0x1f, 0x8b, 8, 0},
		"sub/d": timed("d", 4), "sub/sub/e": timed("e", 5), "other/notes": []byte("text"),
	})
	must(t, os.Symlink("sub/d", filepath.Join(dir, "link")))
	must(t, os.Symlink("..", filepath.Join(dir, "sub", "loop")))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	mkfifo(t, filepath.Join(dir, "fifo"))
	for _, c := range []struct {
		paths     []string
		recursive bool
		want      string
	}{
		{[]string{dir}, false, "a1 b1 c1 d1"},
		{[]string{dir}, true, "a1 b1 c1 d1 d1 e1"},
		{in(dir, "sub"), false, "d1"},
		{in(dir, "sub", "a"), true, "a1 d1 e1"},
	} {
		s, err := capture.Open(c.paths, capture.Options{Recursive: c.recursive})
		must(t, err)
		r := readAll(t, s)
		if r.order() != c.want || len(r.errs) > 0 {
			t.Errorf("%v: %s %v, want %s", c.paths, r.order(), r.errs, c.want)
		}
		s.Close()
	}
	r, infos := readFiles(t, dir)
	var names []string
	for _, f := range infos {
		names = append(names, strings.TrimPrefix(f.Name, dir+"/"))
	}
	if got := strings.Join(names, " "); got != "a b.pcap c.pcap.gz link" || len(r.errs) > 0 {
		t.Errorf("files %s, in the order of their names", got)
	}
	r, _ = readFiles(t, in(dir, "a", "other")...)
	if got := strings.Join(r.errs, "|"); got != dir+"/other: no captures in this directory" || r.order() != "a1" {
		t.Errorf("%s %q", r.order(), got)
	}
}

// TestBadCaptureInDirectory: what is a capture, but a bad one, is reported.
func TestBadCaptureInDirectory(t *testing.T) {
	dir := put(t, map[string][]byte{"good": timed("a", 1), "short": timed("b")[:23]})
	r, _ := readFiles(t, dir)
	if got := strings.Join(r.errs, "|"); r.order() != "a1" || !strings.HasPrefix(got, dir+"/short: offset 0: ") {
		t.Errorf("%s %q", r.order(), got)
	}
}

func TestStandardInput(t *testing.T) {
	dir := put(t, map[string][]byte{"a": timed("a", 1, 5), "b": timed("b", 3)})
	stdin := func() io.Reader { return bytes.NewReader(compress(t, "zstd", timed("c", 2, 4))) }
	for _, c := range []struct {
		paths []string
		want  string
		errs  string
	}{
		{[]string{"-"}, "a1 a2", ""},
		{append(in(dir, "a", "b"), "-"), "a1 c1 b1 c2 a2", ""},
		{append([]string{"-"}, in(dir, "a")...), "a1 c1 c2 a2", ""},
		{[]string{"-", "-"}, "c1 c2", "-: standard input can be read only once"},
	} {
		s, err := capture.Open(c.paths, capture.Options{Stdin: stdin()})
		must(t, err)
		r := readAll(t, s)
		want := c.want
		if len(c.paths) == 1 {
			want = "c1 c2"
		}
		if r.order() != want || strings.Join(r.errs, "|") != c.errs {
			t.Errorf("%v: %s %v, want %s", c.paths, r.order(), r.errs, want)
		}
	}
	_, err := capture.Open([]string{"-"}, capture.Options{Stdin: strings.NewReader("")})
	if err == nil || err.Error() != "-: not a capture in a known format: the file is empty" {
		t.Error(err)
	}
}

func TestNamedPipe(t *testing.T) {
	dir := put(t, map[string][]byte{"a": timed("a", 1, 3)})
	fifo := filepath.Join(dir, "fifo")
	mkfifo(t, fifo)
	go func() {
		if f, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			f.Write(timed("b", 2, 4))
			f.Close()
		}
	}()
	before := descriptors(t)
	s, err := capture.Open([]string{fifo, filepath.Join(dir, "a")}, capture.Options{})
	must(t, err)
	if got := readAll(t, s).order(); got != "a1 b1 a2 b2" {
		t.Error(got)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors became %d", before, after)
	}
}

// descriptors counts those of this process that are no sockets or pollers.
func descriptors(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, e := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if strings.HasPrefix(to, "/tmp") || strings.HasPrefix(to, os.TempDir()) {
			n++
		}
	}
	return n
}

// TestLive: a packet in a pipe is delivered when its last octet is there,
// while the pipe stays open.
func TestLive(t *testing.T) {
	packets := func(data []byte, split int) [2][]byte { return [2][]byte{data[:split], data[split:]} }
	pcap := timed("a", 1, 2, 3)
	ng := join(section(big), iface(big, 1, 0), enhanced(big, 0, 1, 2, "a1"), enhanced(big, 0, 2, 2, "a2"), enhanced(big, 0, 3, 2, "a3"))
	for name, c := range map[string]struct {
		parts [2][]byte
		then  int // packets in the first part
	}{
		"pcap":                {packets(pcap, 24+2*18), 2},
		"pcap, part of one":   {packets(pcap, 24+2*18+5), 2},
		"pcapng":              {packets(ng, len(ng)-36), 2},
		"pcapng, part of one": {packets(ng, len(ng)-36-1), 1},
		"header only":         {packets(pcap, 24), 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			must(t, err)
			got := make(chan string, 9)
			go func() {
				s, err := capture.Open([]string{"-"}, capture.Options{Stdin: r})
				if err != nil {
					got <- err.Error()
					return
				}
				got <- "open"
				var p capture.Packet
				for err == nil {
					if err = s.Next(&p); err == nil {
						got <- string(p.Data)
					}
				}
				got <- err.Error()
			}()
			expect := func(want string) {
				t.Helper()
				select {
				case g := <-got:
					if g != want {
						t.Fatalf("%s, want %s", g, want)
					}
				case <-time.After(5 * time.Second):
					t.Fatalf("nothing came, want %s", want)
				}
			}
			w.Write(c.parts[0])
			expect("open")
			for i := range c.then {
				expect(fmt.Sprintf("a%d", i+1))
			}
			w.Write(c.parts[1])
			for i := c.then; i < 3; i++ {
				expect(fmt.Sprintf("a%d", i+1))
			}
			w.Close()
			expect("EOF")
		})
	}
}

// TestRotatedFiles: files that follow one another are not open together, and
// descriptors are bounded also where files overlap.
func TestRotatedFiles(t *testing.T) {
	const files, each = 40, 50
	rotated, overlapping := map[string][]byte{}, map[string][]byte{}
	var names []string
	for f := range files {
		var after, between []int64
		for i := range each {
			after = append(after, int64(f*each+i))
			between = append(between, int64(i*files+f))
		}
		names = append(names, fmt.Sprintf("%03d", f))
		rotated[names[f]] = timed("", after...)
		overlapping[names[f]] = timed("", between...)
	}
	for _, c := range []struct {
		name        string
		files       map[string][]byte
		active, fds int
	}{
		{"rotated", rotated, 2, 2},
		{"overlapping", overlapping, files, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			shuffled := slices.Clone(names)
			rand.New(rand.NewPCG(7, 8)).Shuffle(files, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			s, err := capture.Open(in(put(t, c.files), shuffled...), capture.Options{})
			must(t, err)
			capture.LimitFiles(s, 3)
			active, fds := 0, 0
			var p capture.Packet
			for i := range files * each {
				must(t, s.Next(&p))
				if p.Time != int64(i) {
					t.Fatalf("packet %d has time %d", i, p.Time)
				}
				active, fds = max(active, capture.ActiveReaders(s)), max(fds, capture.OpenFiles(s))
			}
			if err := s.Next(&p); err != io.EOF {
				t.Error(err)
			}
			if active > c.active || fds > c.fds || capture.OpenFiles(s) != 0 || capture.ActiveReaders(s) != 0 {
				t.Errorf("%d files active and %d open at once; %d and %d at the end",
					active, fds, capture.ActiveReaders(s), capture.OpenFiles(s))
			}
		})
	}
}

// TestTakenDescriptor: a large file whose descriptor is taken away is read on
// where it was, plain or compressed; one that was replaced is not.
func TestTakenDescriptor(t *testing.T) {
	const n = 40000 // 3.3 MB each: several blocks
	data := pcapOf(n, 66)
	dir := put(t, map[string][]byte{"a": data, "b": data, "c": compress(t, "zstd", data), "d": data})
	s, err := capture.Open(in(dir, "a", "b", "c", "d"), capture.Options{})
	must(t, err)
	capture.LimitFiles(s, 1)
	r := readAll(t, s)
	if len(r.packets) != 4*n || len(r.errs) > 0 {
		t.Errorf("%d packets, %v", len(r.packets), r.errs)
	}

	s, err = capture.Open(in(dir, "a", "b"), capture.Options{})
	must(t, err)
	capture.LimitFiles(s, 1)
	var p capture.Packet
	must(t, s.Next(&p))
	must(t, os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "a")))
	r = readAll(t, s)
	if got := strings.Join(r.errs, "|"); !strings.HasSuffix(got, "the file was replaced while it was read") || len(r.packets) < n {
		t.Errorf("%d packets, %q", len(r.packets), got)
	}
}

// TestManyOverlapping: what is too much fails by itself.
func TestManyOverlapping(t *testing.T) {
	files := map[string][]byte{}
	var names []string
	for i := range capture.MaxActive + 2 {
		names = append(names, fmt.Sprint(i))
		files[names[i]] = timed("a", int64(i), 1e9)
	}
	r, _ := readFiles(t, in(put(t, files), names...)...)
	if len(r.packets) != 2*capture.MaxActive || len(r.errs) != 2 || !strings.HasSuffix(r.errs[0], "too many captures that overlap in time") {
		t.Errorf("%d packets, %v", len(r.packets), r.errs)
	}
}

// TestFilesBeforeFirstPacket: what a report begins with is known by then.
func TestFilesBeforeFirstPacket(t *testing.T) {
	ng := join(section(little), iface(little, 276, 0), iface(little, 1, 0), enhanced(little, 0, 7, 1, "b"), iface(little, 101, 0))
	dir := put(t, map[string][]byte{"a": timed("a", 1), "b": compress(t, "xz", ng)})
	s, err := capture.Open(in(dir, "a", "b"), capture.Options{})
	must(t, err)
	defer s.Close()
	var got []string
	for _, f := range s.Files() {
		got = append(got, fmt.Sprint(filepath.Base(f.Name), f.Format, f.Compression, f.Links, f.Packets))
	}
	want := []string{"apcap[EN10MB] 0", "bpcapngxz[LINUX_SLL2 EN10MB] 0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	readAll(t, s)
	if links := s.Files()[1].Links; len(links) != 3 {
		t.Errorf("link types at the end: %v", links)
	}
}

func TestClose(t *testing.T) {
	dir := put(t, map[string][]byte{"a": timed("a", 1, 2), "b": timed("b", 1, 2)})
	s, err := capture.Open(in(dir, "a", "b"), capture.Options{})
	must(t, err)
	var p capture.Packet
	must(t, s.Next(&p))
	must(t, s.Close())
	must(t, s.Close())
	if err := s.Next(&p); err != io.EOF || capture.OpenFiles(s) != 0 {
		t.Errorf("%v, %d files open", err, capture.OpenFiles(s))
	}
}

// TestUnreadable: a file in a directory that may not be read is no silence.
func TestUnreadable(t *testing.T) {
	dir := put(t, map[string][]byte{"a": timed("a", 1), "b": timed("b", 1)})
	must(t, os.Chmod(filepath.Join(dir, "b"), 0))
	if f, err := os.Open(filepath.Join(dir, "b")); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	r, _ := readFiles(t, dir)
	if got := strings.Join(r.errs, "|"); r.order() != "a1" || !strings.HasSuffix(got, "/b: permission denied") {
		t.Errorf("%s %q", r.order(), got)
	}
}

// TestProgress: what has been read of files is told, at the end all of it; of a stream
// nobody knows how much there is.
func TestProgress(t *testing.T) {
	a, b := "../testdata/pcaps/abort-linger-0/A.pcap", "../testdata/pcaps/zero-window/A.pcap"
	set, err := capture.Open([]string{a, b}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var size int64
	for _, name := range []string{a, b} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	var p capture.Packet
	for err := error(nil); err == nil; err = set.Next(&p) {
		if read, total := set.Progress(); total != size || read > total {
			t.Fatalf("%d of %d octets, want at most %d", read, total, size)
		}
	}
	if read, total := set.Progress(); read != size || total != size {
		t.Errorf("at the end: %d of %d octets, want %d", read, total, size)
	}
	stream, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	set, err = capture.OpenReader("a stream", stream)
	if err != nil {
		t.Fatal(err)
	}
	if _, total := set.Progress(); total != 0 {
		t.Errorf("a stream of %d octets", total)
	}
}

// TestShift: a file whose clock is put right comes in its turn, packet by packet.
func TestShift(t *testing.T) {
	dir := t.TempDir()
	for name, seconds := range map[string][]uint32{"a": {10, 12, 14, 16}, "b": {1011, 1013, 1013, 1017}, "c": {9}} {
		b := pcapFile(little, micro, 0, 1)
		for _, s := range seconds {
			b = append(b, record(little, s, 0, 4, "data")...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, batch := range []int{1, 8} {
		s, err := capture.Open([]string{dir}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Shift(1, -1000e9)
		var got []string
		b := make([]capture.Packet, batch)
		for {
			n, err := s.NextBatch(b)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range b[:n] {
				got = append(got, fmt.Sprint("abc"[p.File:p.File+1], p.Time/1e9))
			}
		}
		if want := "c9 a10 b11 a12 b13 b13 a14 a16 b17"; strings.Join(got, " ") != want {
			t.Errorf("batches of %d: %v, want %s", batch, got, want)
		}
		if f := s.Files()[1]; f.First != 11e9 || f.Last != 17e9 || f.Shift != -1000e9 {
			t.Errorf("%+v", f)
		}
		s.Close()
	}
}
