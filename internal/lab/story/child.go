package story

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// roles are what a child of the lab can do: the lab's own program, or its
// test, once more, with the name of a role in its environment and with a socket
// as its descriptor 3.
var roles = map[string]func(socket int, in io.Reader, out io.Writer) error{
	"hold":   hold,
	"starve": starve,
}

const roleVariable = "LASTACK_LAB_ROLE"

// init takes over before main or the tests do, which know nothing of roles.
func init() {
	play, ok := roles[os.Getenv(roleVariable)]
	if !ok {
		return
	}
	if err := play(3, os.Stdin, os.Stdout); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Child is a process of its own that has a socket of the story.
type Child struct {
	command *exec.Cmd
	orders  io.Writer
	reports io.Reader
}

// child gives the socket to a process with that role, on the host. The kernel
// kills it with the thread that started it, which is the host's: it does not
// outlive the lab.
func (s *Sock) child(role string) *Child {
	c := &Child{command: exec.Command("/proc/self/exe")}
	c.command.Env = append(os.Environ(), roleVariable+"="+role)
	c.command.ExtraFiles = []*os.File{s.file}
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, e1 := c.command.StdinPipe()
	out, e2 := c.command.StdoutPipe()
	need("child", errors.Join(e1, e2))
	c.orders, c.reports = in, out
	need("child", s.end.host.Do(c.command.Start))
	s.Close()
	s.w.cleanup = append(s.w.cleanup, c.Kill)
	return c
}

// Kill ends the child with signal 9.
func (c *Child) Kill() { _ = c.command.Process.Kill(); _ = c.command.Wait() }

// Expect waits until the child reports this.
func (c *Child) Expect(report string) {
	line := make([]byte, 200)
	n, err := c.reports.Read(line) // a report is one write
	if got := strings.TrimSpace(string(line[:n])); err == nil && got != report {
		err = fmt.Errorf("child reports %q, not %q", got, report)
	}
	need("child", err)
}

// Order tells the child to go on.
func (c *Child) Order() {
	_, err := c.orders.Write([]byte{'\n'})
	need("child", err)
}

// hold does nothing, for ever.
func hold(_ int, _ io.Reader, out io.Writer) error {
	fmt.Fprintln(out, "holding")
	for {
		time.Sleep(time.Hour)
	}
}

// starve is a server that has no descriptor left when its first client comes.
// It reports what accept() says, and serves when it is told to.
func starve(listener int, in io.Reader, out io.Writer) error {
	used, err := useUpDescriptors()
	if err != nil {
		return err
	}
	_, err = acceptOne(listener)
	fmt.Fprintf(out, "accept: %v\n", err)
	if _, err := in.Read(make([]byte, 1)); err != nil {
		return err
	}
	for _, fd := range used {
		unix.Close(fd)
	}
	for {
		fd, err := acceptOne(listener)
		if err != nil {
			return err
		}
		go answer(fd)
	}
}

// useUpDescriptors opens all that the process may have, which are few.
func useUpDescriptors() (used []int, err error) {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 20, Max: 20}); err != nil {
		return nil, err
	}
	for {
		fd, err := unix.Dup(0)
		if err == unix.EMFILE {
			return used, nil
		}
		if err != nil {
			return nil, err
		}
		used = append(used, fd)
	}
}

// acceptOne waits until a client is there, and accepts it.
func acceptOne(listener int) (int, error) {
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		return fd, err
	}
}

// answer reads what a client asked, answers with 50 octets, and closes when
// the client has.
func answer(fd int) {
	f := os.NewFile(uintptr(fd), "client")
	defer f.Close()
	buf := make([]byte, 1000)
	if _, err := f.Read(buf); err != nil {
		return
	}
	if _, err := f.Write(buf[:50]); err != nil {
		return
	}
	for {
		if _, err := f.Read(buf); err != nil {
			return
		}
	}
}
