//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine is what the measurements were made on.
type machine struct {
	CPU      string
	Cores    int
	Memory   int64 // octets
	Kernel   string
	Go       string
	Revision string
	Date     string
	Tools    []string // name and version
}

func (b *bench) describe() (m machine, err error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return m, err
	}
	m = machine{
		CPU: after("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: totalMemory(),
		Kernel: unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:]),
		Go:     runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly),
		Revision: output("git", "describe", "--always", "--dirty", "--abbrev=12"),
	}
	for i := range b.chosen {
		if t := &b.chosen[i]; t.pkg != "" {
			m.Tools = append(m.Tools, t.name+" "+version(t))
		}
	}
	return m, nil
}

// version is that of the Debian package, or what the program says.
func version(t *tool) string {
	if v := output("dpkg-query", "-W", "-f", "${Version}", t.pkg); v != "" {
		return v
	}
	if v := regexp.MustCompile(`\d+\.\d+[\w.]*`).FindString(output(t.command, "--version")); v != "" {
		return v
	}
	return "of unknown version"
}

// output is what a command says in its first line, "" if it fails.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// after is what follows a name and a colon in a file of /proc.
func after(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func totalMemory() (octets int64) {
	fmt.Sscanf(after("/proc/meminfo", "MemTotal"), "%d kB", &octets)
	return octets * 1024
}
