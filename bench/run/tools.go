//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tool is a program that reads captures.
type tool struct {
	name    string
	command string   // looked up in PATH; "" is lastack
	pkg     string   // of Debian; "" for none
	args    []string // FILE stands for the load

	// How many packets it saw is what seen finds in its output, the sum of
	// all finds. A tool that does not say is run with these arguments, which
	// have it write FILE.out, and another command (of another package) reads
	// that.
	seen    *regexp.Regexp
	asking  []string
	through []string
	extra   string
}

const file = "FILE"

func words(s string) []string { return strings.Fields(s) }

var seenByLastack = regexp.MustCompile(`Ethernet, ([\d,]+) packets, `)

// tools are all programs, as a user would run them for a summary of all
// connections, without names looked up. capinfos is spared the hashes of the
// whole file. softflowd would give up flows beyond 8,192, and leave IPv6 out.
var tools = []tool{
	{name: "lastack", args: words("analyze FILE"), seen: seenByLastack},
	{name: "lastack-1", args: words("analyze --workers 1 FILE"), seen: seenByLastack},
	{name: "lastack-2", args: words("analyze --workers 2 FILE"), seen: seenByLastack},
	{name: "lastack-ndjson", args: words("analyze --format ndjson FILE"), seen: regexp.MustCompile(`^{"type":"summary".*?"packets":(\d+)`)},
	{name: "lastack-pipe", args: words("analyze -"), seen: seenByLastack},
	{name: "tcpdump", command: "tcpdump", pkg: "tcpdump", args: words("-n --count -r FILE"), seen: regexp.MustCompile(`^(\d+) packets?$`)},
	{name: "capinfos", command: "capinfos", pkg: "wireshark-common", args: words("-M -t -E -c -s -d -u -a -e -y -i -z -x -o FILE"),
		seen: regexp.MustCompile(`^Number of packets: +(\d+)`)},
	{name: "tcptrace", command: "tcptrace", pkg: "tcptrace", args: words("-n FILE"), seen: regexp.MustCompile(`^(\d+) packets seen`)},
	{name: "argus", command: "argus", pkg: "argus-server", args: words("-X -r FILE -w /dev/null"), seen: regexp.MustCompile(`^ *sum +\d+ +(\d+)`),
		asking: words("-X -r FILE -w FILE.out"), through: words("racount -r FILE.out"), extra: "argus-client"},
	{name: "softflowd", command: "softflowd", pkg: "softflowd", args: words("-d -6 -m 20000000 -p FILE.pid -c none -r FILE"),
		seen: regexp.MustCompile(`^Packets processed: (\d+)`)},
	{name: "tshark", command: "tshark", pkg: "tshark", args: words("-n -q -r FILE -z conv,tcp"),
		seen: regexp.MustCompile(`<-> \S+ +\d+ \d+ \S+ +\d+ \d+ \S+ +(\d+) `)},
}

// line is the command as one types it.
func (t *tool) line() string {
	name := t.command
	if name == "" {
		name = "lastack"
	}
	return name + " " + strings.Join(t.args, " ")
}

// on are the arguments with the load's path.
func on(args []string, path string) []string {
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], file, path)
	}
	return args
}

// executable finds the program of t.
func (b *bench) executable(t *tool) (string, error) {
	if t.command == "" {
		return b.lastack, nil
	}
	return find(t.command)
}

// find looks in PATH, and where Debian has programs for root.
func find(command string) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", command))
	}
	return path, err
}

// missing returns the Debian packages that list needs and that are not there.
func missing(list []tool) (packages []string) {
	for _, t := range list {
		need := map[string]string{t.command: t.pkg}
		if t.through != nil {
			need[t.through[0]] = t.extra
		}
		for command, pkg := range need {
			if _, err := find(command); command != "" && err != nil && !slices.Contains(packages, pkg) {
				packages = append(packages, pkg)
			}
		}
	}
	slices.Sort(packages)
	return packages
}

// provide installs what list needs.
func (b *bench) provide(list []tool) error {
	packages := missing(list)
	switch {
	case len(packages) == 0:
		return nil
	case !b.install:
		return fmt.Errorf("missing: the Debian packages %s (-install installs them, -without leaves tools out)", strings.Join(packages, " "))
	}
	for _, args := range [][]string{{"update", "-qq"}, append(words("install -y -qq --no-install-recommends"), packages...)} {
		cmd := exec.Command("apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", args[0], err, out)
		}
	}
	if packages := missing(list); len(packages) > 0 {
		return errors.New("installed, and still missing: " + strings.Join(packages, " "))
	}
	return nil
}

// packetsIn is the sum of what t says in a line of its output.
func (t *tool) packetsIn(line []byte) (n uint64) {
	m := t.seen.FindSubmatch(line)
	for _, group := range m[min(1, len(m)):] {
		k, _ := strconv.ParseUint(strings.ReplaceAll(string(group), ",", ""), 10, 64)
		n += k
	}
	return n
}
