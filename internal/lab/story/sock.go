package story

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/lastack/lastack/wire"
	"golang.org/x/sys/unix"
)

// Sock is a TCP socket of one of the hosts.
type Sock struct {
	w    *World
	end  *End
	file *os.File
}

// Option sets something on a socket before it binds.
type Option struct{ level, name, value int }

// Opt is a socket option by its numbers, in package unix.
func Opt(level, name, value int) Option { return Option{level, name, value} }

// Keepalive sets idle time and interval in seconds, and the probes' number.
func Keepalive(idle, interval, count int) []Option {
	return []Option{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, idle},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, interval}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, count},
	}
}

// Socket opens a TCP socket on the host, bound to its address and port (0:
// not bound).
func (w *World) Socket(end *End, port uint16, options ...Option) *Sock {
	s, err := w.socket(end, port, options)
	need("socket", err)
	return s
}

func (w *World) socket(end *End, port uint16, options []Option) (*Sock, error) {
	var fd int
	err := end.host.Do(func() (err error) {
		fd, err = unix.Socket(domain(end.Addr), unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &Sock{w, end, nil}
	if err := prepare(fd, netip.AddrPortFrom(end.Addr, port), options); err != nil {
		unix.Close(fd)
		return nil, err
	}
	s.file = os.NewFile(uintptr(fd), "tcp")
	w.keep(s)
	return s, nil
}

func (w *World) keep(s *Sock) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.socks = append(w.socks, s)
	if w.over {
		s.forget()
	}
}

func prepare(fd int, local netip.AddrPort, options []Option) error {
	options = append([]Option{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1}}, options...)
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return fmt.Errorf("option %d/%d: %w", o.level, o.name, err)
		}
	}
	if local.Port() == 0 {
		return nil
	}
	return unix.Bind(fd, sockaddr(local))
}

func domain(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// control runs f on the descriptor.
func (s *Sock) control(f func(fd int) error) error {
	conn, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	if e := conn.Control(func(fd uintptr) { err = f(int(fd)) }); e != nil {
		return e
	}
	return err
}

// Set sets an option.
func (s *Sock) Set(level, name, value int) {
	need("setsockopt", s.control(func(fd int) error { return unix.SetsockoptInt(fd, level, name, value) }))
}

// Listen opens a listening socket.
func (w *World) Listen(end *End, port uint16, backlog int, options ...Option) *Sock {
	s := w.Socket(end, port, options...)
	need("listen", s.control(func(fd int) error { return unix.Listen(fd, backlog) }))
	return s
}

// Accept waits for a connection and takes it.
func (s *Sock) Accept() *Sock {
	x, err := s.accept(s.w.patience)
	need("accept", err)
	return x
}

func (s *Sock) accept(wait time.Duration) (*Sock, error) {
	conn, err := s.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	_ = s.file.SetReadDeadline(time.Now().Add(wait))
	var fd int
	if e := conn.Read(func(l uintptr) bool {
		fd, _, err = unix.Accept4(int(l), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		return err != unix.EAGAIN
	}); e != nil || err != nil {
		return nil, errors.Join(e, err)
	}
	x := &Sock{s.w, s.end, os.NewFile(uintptr(fd), "tcp")}
	s.w.keep(x)
	return x, nil
}

// Connect starts to connect and does not wait.
func (s *Sock) Connect(to netip.AddrPort) { need("connect", s.TryConnect(to)) }

// TryConnect is Connect whose error is the program's.
func (s *Sock) TryConnect(to netip.AddrPort) error {
	err := s.control(func(fd int) error { return unix.Connect(fd, sockaddr(to)) })
	if errors.Is(err, unix.EINPROGRESS) {
		return nil
	}
	return err
}

// Result waits until connect() is over and returns its error.
func (s *Sock) Result() error {
	conn, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	_ = s.file.SetWriteDeadline(time.Now().Add(s.w.patience))
	code, done := 0, false
	e := conn.Write(func(fd uintptr) bool {
		code, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if code != 0 || err != nil {
			done = true
			return true
		}
		_, nameErr := unix.Getpeername(int(fd))
		done = nameErr == nil
		return done
	})
	if code != 0 {
		return unix.Errno(code)
	}
	return errors.Join(e, err)
}

// Dial connects from a port of end (0: any) and waits until it is done.
func (w *World) Dial(end *End, port uint16, to netip.AddrPort, options ...Option) *Sock {
	s := w.Socket(end, port, options...)
	s.Connect(to)
	need("connect", s.Result())
	return s
}

// At is a socket address of the host.
func (e *End) At(port uint16) netip.AddrPort { return netip.AddrPortFrom(e.Addr, port) }

// Write sends n octets and waits until the kernel has taken them.
func (s *Sock) Write(n int) { need("write", s.TryWrite(n)) }

// TryWrite sends n octets; the error is the program's.
func (s *Sock) TryWrite(n int) error {
	_ = s.file.SetWriteDeadline(time.Now().Add(s.w.patience))
	_, err := s.file.Write(make([]byte, n))
	return err
}

// Read waits for n octets.
func (s *Sock) Read(n int) {
	_ = s.file.SetReadDeadline(time.Now().Add(s.w.patience))
	for n > 0 {
		got, err := s.file.Read(make([]byte, n))
		need("read", err)
		n -= got
	}
}

// Drain reads until the end of the stream or an error, at most for d.
func (s *Sock) Drain(d time.Duration) error {
	_ = s.file.SetReadDeadline(time.Now().Add(d))
	buf := make([]byte, 1<<16)
	for {
		if _, err := s.file.Read(buf); err != nil {
			return err
		}
	}
}

// ReadEOF reads until the peer has closed.
func (s *Sock) ReadEOF() {
	if err := s.Drain(s.w.patience); err.Error() != "EOF" {
		need("read to the end", err)
	}
}

// Shutdown closes the sending half only.
func (s *Sock) Shutdown() {
	need("shutdown", s.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }))
}

// Close closes the socket as a program does.
func (s *Sock) Close() { _ = s.file.Close() }

// Abort closes it with SO_LINGER 0: a RST instead of a FIN.
func (s *Sock) Abort() {
	need("linger", s.control(func(fd int) error {
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}))
	s.Close()
}

// Crash makes the kernel forget the connection without a word, as a host
// that lost its power: a socket closed in repair mode sends nothing.
func (s *Sock) Crash() {
	s.Set(unix.IPPROTO_TCP, unix.TCP_REPAIR, 1)
	s.Close()
}

// forget is Crash where that is possible, and Close where not.
func (s *Sock) forget() {
	_ = s.control(func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) })
	s.Close()
}

// FastOpen connects with n octets of data in the SYN and does not wait.
func (s *Sock) FastOpen(to netip.AddrPort, n int) {
	err := s.control(func(fd int) error {
		return unix.Sendto(fd, make([]byte, n), unix.MSG_FASTOPEN, sockaddr(to))
	})
	if !errors.Is(err, unix.EINPROGRESS) {
		need("fast open", err)
	}
}

// Hold gives the socket to a process of its own, which does nothing with it,
// and returns the function that kills it with signal 9.
func (s *Sock) Hold() (kill func()) {
	c := s.child("hold")
	c.Expect("holding")
	return c.Kill
}

// ISN makes the next connect() begin with this sequence number.
func (s *Sock) ISN(isn wire.Seq) {
	s.Set(unix.IPPROTO_TCP, unix.TCP_REPAIR, 1)
	s.Set(unix.IPPROTO_TCP, unix.TCP_REPAIR_QUEUE, 2) // the send queue
	s.Set(unix.IPPROTO_TCP, unix.TCP_QUEUE_SEQ, int(int32(isn)))
	s.Set(unix.IPPROTO_TCP, unix.TCP_REPAIR, 0)
}

// The ports of most stories.
const (
	clientPort = 40001
	serverPort = 5000
)

// Open connects A to B without data; options are the client's.
func (w *World) Open(options ...Option) (a, b *Sock) {
	l := w.Listen(&w.B, serverPort, 16)
	a = w.Dial(&w.A, clientPort, w.B.At(serverPort), options...)
	return a, l.Accept()
}

// Pair connects A to B; both then send 12 octets.
func (w *World) Pair(options ...Option) (a, b *Sock) {
	a, b = w.Open(options...)
	w.Greet(a, b)
	return a, b
}

// Greet exchanges 12 octets each way, 10 ms after the opening.
func (w *World) Greet(a, b *Sock) {
	w.Sleep(10 * ms)
	a.Write(12)
	b.Read(12)
	b.Write(12)
	a.Read(12)
	w.Sleep(60*ms + 2*w.story.Delay)
}

// a and b are the socket addresses of most stories.
func (w *World) client() netip.AddrPort { return w.A.At(clientPort) }
func (w *World) server() netip.AddrPort { return w.B.At(serverPort) }
