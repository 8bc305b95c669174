//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// cost is what a run took.
type cost struct {
	Wall, CPU time.Duration
	Memory    int64  // peak of what was resident, octets
	Beyond    string // the limit that the run exceeded, for which it was ended; "" for none
}

// environment is the one that the tools run in: as it is, but for what would
// make lastack another program than its users have.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "GOGC" || name == "GOMEMLIMIT" || name == "GODEBUG" || name == "GOMAXPROCS" || strings.HasPrefix(name, "LASTACK_")
	})
}

// execute runs cmd and says what it took.
func (b *bench) execute(cmd *exec.Cmd) (c cost, err error) {
	cmd.Env = environment()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return c, err
	}
	stop := b.guard(cmd.Process)
	err = cmd.Wait()
	c.Wall = time.Since(start)
	c.Beyond = stop()
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	c.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	c.Memory = int64(usage.Maxrss) * 1024
	if c.Beyond != "" {
		err = nil
	}
	return c, err
}

// ownPeak is the most that this program had in memory so far, in octets. What
// getrusage says would be no less than the peak of the program that started
// this one.
func ownPeak() (octets int64) {
	fmt.Sscanf(after("/proc/self/status", "VmHWM"), "%d kB", &octets)
	return octets * 1024
}

// guard ends p when it exceeds a limit. stop ends the guard, and says which.
func (b *bench) guard(p *os.Process) (stop func() string) {
	var beyond atomic.Value
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		late := time.After(b.timeout)
		for {
			why := ""
			select {
			case <-done:
				return
			case <-late:
				why = fmt.Sprintf("more than %v", b.timeout)
			case <-tick.C:
				if resident(p.Pid) > b.maxMemory {
					why = fmt.Sprintf("more than %.0f GB", float64(b.maxMemory)/1e9)
				}
			}
			if why != "" {
				beyond.Store(why)
				p.Kill()
				return
			}
		}
	}()
	return func() string {
		close(done)
		why, _ := beyond.Load().(string)
		return why
	}
}

// resident is what a process has in memory now, in octets.
func resident(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0 // it has ended
	}
	fields := strings.Fields(string(data))
	pages, _ := strconv.ParseInt(fields[min(1, len(fields)-1)], 10, 64)
	return pages * int64(os.Getpagesize())
}

// run has t read the load, with its output dropped.
func (b *bench) run(t *tool, l *loaded) (cost, error) {
	return b.feed(t, l, t.args, nil)
}

// ask has t read the load and returns how many packets it saw.
func (b *bench) ask(t *tool, l *loaded) (packets uint64, c cost, err error) {
	if t.asking == nil {
		err = t.listen(&packets, func(out *os.File) (err error) {
			c, err = b.feed(t, l, t.args, out)
			return err
		})
		return packets, c, err
	}
	defer os.Remove(l.path + ".out")
	if c, err = b.feed(t, l, t.asking, nil); err != nil || c.Beyond != "" {
		return 0, c, err
	}
	path, err := find(t.through[0])
	if err != nil {
		return 0, c, err
	}
	err = t.listen(&packets, func(out *os.File) error {
		cmd := exec.Command(path, on(t.through[1:], l.path)...)
		cmd.Stdout = out
		return cmd.Run()
	})
	return packets, c, err
}

// listen has run write to a file, and adds up what t says there of packets.
func (t *tool) listen(packets *uint64, run func(out *os.File) error) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	sum := make(chan uint64)
	go func() { sum <- t.sum(r) }()
	err = run(w)
	w.Close()
	*packets = <-sum
	return err
}

// sum adds up what t says of packets in its output. Of lines that are too long
// only the beginning is looked at.
func (t *tool) sum(output io.Reader) (n uint64) {
	lines := bufio.NewReaderSize(output, 64<<10)
	for {
		line, long, err := lines.ReadLine()
		if err != nil {
			return n
		}
		n += t.packetsIn(line)
		for long && err == nil {
			_, long, err = lines.ReadLine()
		}
	}
}

// feed runs t with these arguments. Its output goes to out; nil drops it. A
// load that is never on disk is made while t reads it.
func (b *bench) feed(t *tool, l *loaded, args []string, out *os.File) (c cost, err error) {
	path, err := b.executable(t)
	if err != nil {
		return c, err
	}
	cmd := exec.Command(path, on(args, l.path)...)
	if out != nil {
		cmd.Stdout, cmd.Stderr = out, out
	}
	if l.work.piped {
		return b.pipe(cmd, l)
	}
	c, err = b.execute(cmd)
	return c, named(t, err)
}

func named(t *tool, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", t.line(), err)
	}
	return nil
}

// pipe runs cmd with the load as its standard input.
func (b *bench) pipe(cmd *exec.Cmd, l *loaded) (c cost, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return c, err
	}
	maker, said, err := b.maker(l.work, w)
	if err != nil {
		return c, err
	}
	if err := maker.Start(); err != nil {
		return c, err
	}
	w.Close()
	cmd.Stdin = r
	c, err = b.execute(cmd)
	r.Close()
	if made := maker.Wait(); c.Beyond == "" {
		err = errors.Join(err, made)
	}
	if err != nil {
		return c, fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	if c.Beyond == "" {
		l.Packets, err = said.packets()
	}
	return c, err
}
