//go:build linux

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// profile says where the processor time of one run went.
type profile struct {
	Total  float64 // ns a packet, on all cores together
	Groups []share
	Top    []share // functions that took most
	Files  []share // source files of lastack that took most
}

// share is a part of the processor time.
type share struct {
	Name string
	Each float64 // ns a packet
	Part float64 // of all, from 0 to 1
}

// groups are the parts of the work, by what the names of their functions match
// at the beginning: the first row that fits counts. OURS/ stands for the
// module's path.
var groups = []struct{ name, match string }{
	{"decompression", `compress/|github.com/klauspost/compress|github.com/ulikunitz`},
	{"reading: system calls", `internal/runtime/syscall|syscall\.|runtime/internal/syscall|internal/poll|os\.|golang.org/x/sys`},
	{"reading: records of the file", `OURS/capture|bufio\.|io\.`},
	{"decoding headers", `OURS/wire|encoding/binary`},
	{"look-up of connections", `OURS/analyzer/flow|internal/runtime/maps|runtime\.map|(runtime\.)?(aes|mem)hash|hash/maphash`},
	{"state machine", `OURS/fsm`},
	{"sequence space", `OURS/reassembly`},
	{"detectors", `OURS/analyzer/detect`},
	{"prefetch", `OURS/internal/prefetch`},
	{"analyzer: endpoints and inference", `OURS/analyzer`},
	{"report", `OURS/report|OURS/cmd|main\.|strconv|encoding/|regexp|cmp\.|fmt\.|sort\.|slices\.|unicode|time\.|strings?\.|bytes\.|net/netip`},
	{"garbage collection", `runtime\.(gc|scan|greyobject|\(\*gcW|\(\*gcBits|bgsweep|\(\*sweep|markroot|\(\*mspan\)|wb|bulkBarrier|heapBits|findObject|tryDefer|spanOf|\(\*spanInline|drain|pageIndexOf|typePointers|\(\*typePointers|markBits|sweep|\(\*limiter|\(\*gcC)`},
	{"allocation", `runtime\.(malloc|newobject|makeslice|growslice|makechan|\(\*mcache\)|\(\*mcentral\)|\(\*mheap\)|\(\*pageAlloc\)|\(\*fixalloc|nextFree|memclrHasPointers|sysUsed|sysFault|sysHuge|madvise|publicationBarrier|deductAssist|profilealloc)|internal/runtime/gc`},
	{"copying, clearing and comparing memory", `runtime\.(memmove|memclr|typedmemmove|duff|bulk|memequal|cmpstring)|internal/bytealg|cmpbody|memeqbody|indexbytebody|countbody`},
	{"handing over between goroutines", `OURS/internal/crew|sync|internal/sync|runtime\.(chan|futex|lock|unlock|procyield|osyield|schedule|findRunnable|park|gopark|goready|ready|wakep|notes|select|send|recv|sem|usleep|stealWork|runq|mcall|gosched|stopm|startm|epoll|netpoll|nanotime|checkTimers|\(\*timers?\)|sellock|casgstatus|execute|goexit|gosw|lock2|pid|acquire|release|resetspinning|mPark|handoff|retake|sysmon|exitsyscall|entersyscall|reentersyscall|asyncPreempt|newproc|gfget)`},
	{"the rest of the runtime", `runtime|internal/`},
	{"other", ``},
}

var groupPatterns = func() (list []*regexp.Regexp) {
	for _, g := range groups {
		list = append(list, regexp.MustCompile("^(?:"+strings.ReplaceAll(g.match, "OURS", "github.com/lastack/lastack")+")"))
	}
	return list
}()

// groupOf is the index of the group of a function.
func groupOf(function string) int {
	return slices.IndexFunc(groupPatterns, func(p *regexp.Regexp) bool { return p.MatchString(function) })
}

// profiled is how often the load is read for the profile, which looks only a
// hundred times a second.
const profiled = 10

// profile runs lastack on the load with its CPU profile.
func (b *bench) profile(l *loaded) (*profile, error) {
	var profiles []string
	for i := range profiled {
		path := filepath.Join(b.dir, fmt.Sprintf("cpu-%d.pprof", i))
		cmd := exec.Command(b.lastack, "analyze", "--cpuprofile", path, l.path)
		if _, err := b.execute(cmd); err != nil {
			return nil, fmt.Errorf("%v: %w", cmd.Args, err)
		}
		defer os.Remove(path)
		profiles = append(profiles, path)
	}
	functions, err := b.pprof("-functions", profiles)
	if err != nil {
		return nil, err
	}
	files, err := b.pprof("-files", profiles)
	if err != nil {
		return nil, err
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	p := divide(functions, profiled*float64(l.Packets))
	p.Files = p.under(root, files, profiled*float64(l.Packets))
	return p, nil
}

// pprof adds up profiles by what the flag says.
func (b *bench) pprof(by string, profiles []string) ([]share, error) {
	cmd := exec.Command("go", words("tool pprof -top -flat -unit=us -nodecount=1000000 -nodefraction=0 -edgefraction=0")...)
	cmd.Args = append(append(cmd.Args, by, b.lastack), profiles...)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd.Args, err)
	}
	return functions(out), nil
}

// topOf is how many functions and files are named.
const topOf = 25

// under are the files below a folder that took most, of times in ns. pprof
// has a line for each function of a file.
func (p *profile) under(root string, files []share, packets float64) (list []share) {
	sums := map[string]float64{}
	for _, f := range files {
		if name, ours := strings.CutPrefix(f.Name, root+"/"); ours {
			sums[name] += f.Each / packets
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, share{Name: name, Each: sums[name]})
	}
	p.rank(list)
	return list[:min(len(list), topOf)]
}

// rank works out the shares and puts the largest first.
func (p *profile) rank(list []share) {
	for i := range list {
		list[i].Part = list[i].Each / p.Total
	}
	slices.SortStableFunc(list, func(a, b share) int { return cmp.Compare(b.Each, a.Each) })
}

var topLine = regexp.MustCompile(`^\s*([\d.]+)us\s+[\d.]+%\s+[\d.]+%\s+\S+\s+[\d.]+%\s+(.+?)(?: \((?:partial-)?inline\))?$`)

// functions reads what pprof prints, the time in each function (or file)
// itself in µs, and returns it in ns.
func functions(out []byte) (list []share) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		m := topLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		if us, err := strconv.ParseFloat(m[1], 64); err == nil && us > 0 {
			list = append(list, share{Name: m[2], Each: us * 1000})
		}
	}
	return list
}

// divide makes a profile of the times of functions (ns).
func divide(list []share, packets float64) *profile {
	p := &profile{}
	for _, g := range groups {
		p.Groups = append(p.Groups, share{Name: g.name})
	}
	for i := range list {
		list[i].Each /= packets
		p.Total += list[i].Each
		p.Groups[groupOf(list[i].Name)].Each += list[i].Each
		list[i].Name = strings.ReplaceAll(list[i].Name, "github.com/lastack/lastack/", "")
	}
	p.Groups = slices.DeleteFunc(p.Groups, func(s share) bool { return s.Each == 0 })
	p.rank(p.Groups)
	p.rank(list)
	p.Top = list[:min(len(list), topOf)]
	return p
}

// layer is a line of the benchmarks of package bench.
type layer struct {
	Name   string
	Each   float64 // ns a packet
	Allocs float64 // a packet
	Octets float64 // allocated, a packet
}

// layers runs the benchmarks of package bench once.
func (b *bench) layers() ([]layer, error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", ".", "-benchtime", "3x", "./bench")
	cmd.Env = environment()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return benchmarks(out), nil
}

// benchmarks reads what go test prints.
func benchmarks(out []byte) (list []layer) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark/") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark/")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i] // without the number of cores
		}
		l := layer{Name: name}
		for i := 2; i+1 < len(fields); i += 2 {
			value, _ := strconv.ParseFloat(fields[i], 64)
			switch fields[i+1] {
			case "ns/packet":
				l.Each = value
			case "allocs/packet":
				l.Allocs = value
			case "B/packet":
				l.Octets = value
			}
		}
		list = append(list, l)
	}
	return list
}
