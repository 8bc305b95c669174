package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asLab is the variable that makes the test's program the lab's.
const asLab = "LASTACK_TEST_AS_LAB"

func TestMain(m *testing.M) {
	if args := os.Getenv(asLab); args != "" {
		os.Exit(run(strings.Fields(args), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// again is the lab as a process of its own.
func again(args string) *exec.Cmd {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), asLab+"="+args)
	return c
}

// TestKilled kills the lab while a child of it holds a socket: child,
// namespaces and devices go with it, its tracefs instance at the next start.
func TestKilled(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	instances, dir := openInstances(t), t.TempDir()
	c := again("run process-killed -o " + dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := residue{children: childOf(t, c.Process.Pid), spaces: namespaces(strconv.Itoa(c.Process.Pid))}
	r.watch(t)
	if now := strings.Join(r.left(), " "); !strings.Contains(now, "child") || !strings.Contains(now, "net:") || !strings.Contains(now, "tun0") {
		t.Fatalf("the lab at work: %q", now)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	for end := time.Now().Add(time.Second); len(r.left()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a second after kill -9: %v", r.left())
		}
	}
	mine := filepath.Join(instances, fmt.Sprintf("lastack-lab-%d-*", c.Process.Pid))
	if found, _ := filepath.Glob(mine); len(found) != 1 {
		t.Errorf("instances of the killed lab: %v", found)
	}
	if out, err := again("run refused -o " + dir).CombinedOutput(); err != nil {
		t.Errorf("next start: %v\n%s", err, out)
	}
	if found, _ := filepath.Glob(mine); len(found) != 0 {
		t.Errorf("the next start has left %v", found)
	}
}

// TestInterrupted interrupts the lab: it leaves no tracefs instance.
func TestInterrupted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	instances := openInstances(t)
	c := again("run process-killed -o " + t.TempDir())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	childOf(t, c.Process.Pid)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if found, _ := filepath.Glob(filepath.Join(instances, fmt.Sprintf("lastack-lab-%d-*", c.Process.Pid))); len(found) != 0 {
		t.Errorf("left: %v", found)
	}
}

// residue is what a lab could leave behind.
type residue struct {
	children []string          // process ids
	spaces   map[string]string // a file of each network namespace, by its name
	devices  []func() []string // of each of these namespaces
}

// watch enters every namespace. That keeps it, but must not keep its devices.
func (r *residue) watch(t *testing.T) {
	for _, file := range r.spaces {
		r.devices = append(r.devices, inside(t, file))
	}
}

func (r *residue) left() (left []string) {
	for _, pid := range r.children {
		if f := statFields("/proc/" + pid + "/stat"); len(f) > 0 && f[0] != "Z" {
			left = append(left, "child "+pid)
		}
	}
	for name := range namespaces("[0-9]*") {
		if r.spaces[name] != "" {
			left = append(left, name)
		}
	}
	for _, list := range r.devices {
		left = append(left, list()...)
	}
	return left
}

// childOf waits until the process has a child.
func childOf(t *testing.T, pid int) (out []string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); len(out) == 0; time.Sleep(time.Millisecond) {
		all, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, name := range all {
			if f := statFields(name); len(f) > 1 && f[1] == strconv.Itoa(pid) {
				out = append(out, filepath.Base(filepath.Dir(name)))
			}
		}
		if time.Now().After(end) {
			t.Fatal("no child within 20 s")
		}
	}
	return out
}

// statFields are the fields of a stat file after the command's name: state,
// parent, ...
func statFields(name string) []string {
	text, _ := os.ReadFile(name)
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// namespaces returns the network namespaces that the matching processes live
// in or hold open, but for those of the test's own process.
func namespaces(processes string) map[string]string {
	out := make(map[string]string)
	own, _ := os.Readlink("/proc/thread-self/ns/net") // the first thread may be inside
	for _, pattern := range []string{"task/*/ns/net", "fd/*"} {
		links, _ := filepath.Glob(filepath.Join("/proc", processes, pattern))
		for _, link := range links {
			to, err := os.Readlink(link)
			mine := strings.HasPrefix(link, fmt.Sprintf("/proc/%d/", os.Getpid()))
			if err == nil && strings.HasPrefix(to, "net:") && to != own && !mine {
				out[to] = link
			}
		}
	}
	return out
}

// inside returns what lists the TUN devices of a namespace, by its file.
func inside(t *testing.T, file string) (list func() []string) {
	ask, answer := make(chan bool), make(chan []string)
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		err := unix.Setns(fd, unix.CLONE_NEWNET)
		unix.Close(fd)
		for range ask {
			var out []string
			links, _ := net.Interfaces()
			for _, l := range links {
				if err == nil && strings.HasPrefix(l.Name, "tun") {
					out = append(out, "device "+l.Name)
				}
			}
			answer <- out
		}
	}()
	t.Cleanup(func() { close(ask) })
	return func() []string { ask <- true; return <-answer }
}

// openInstances returns the folder of all tracefs instances.
func openInstances(t *testing.T) string {
	t.Helper()
	fs, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		t.Fatal(err)
	}
	mount, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(mount) })
	return fmt.Sprintf("/proc/self/fd/%d/instances", mount)
}
