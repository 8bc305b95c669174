package story

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/wire"
)

// calls are stories of system calls and options that are used seldom.
var calls = []Story{
	{
		Name: "fast-open-closed-in-syn-received", Title: "fast open: B answers and closes before the handshake's ACK has come", Sysctls: fastOpen, Delay: 60 * ms,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 8))
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100)
			b := l.Accept()
			b.Read(100)
			b.Write(50)
			b.Close()
			w.Later()
			a.Close()
			w.Later()
		},
	},
	{
		Name: "fast-open-syn-ack-lost", Title: "fast open: B answers the data, its SYN,ACK is lost", Sysctls: fastOpen,
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 8))
			w.Rule(path.SYNACK, path.Drop, 1)
			a := w.Socket(&w.A, clientPort)
			a.FastOpen(w.server(), 100)
			b := l.Accept()
			b.Read(100)
			b.Write(50)
			a.Read(50)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "linger2-negative", Title: "TCP_LINGER2 of -1: A aborts when its FIN is acknowledged, there is no FIN_WAIT_2",
		Proof: [2][]string{{"TcpExtTCPAbortOnData"}},
		Run: func(w *World) {
			a, b := w.Pair()
			a.Set(unix.IPPROTO_TCP, unix.TCP_LINGER2, -1)
			a.Close()
			w.Later()
			b.Close()
			w.Later()
		},
	},
	{
		Name: "fin-after-urgent", Title: "an urgent octet, then the FIN",
		Run: func(w *World) {
			a, b := w.Pair()
			need("send", a.control(func(fd int) error { return unix.Send(fd, []byte{0}, unix.MSG_OOB) }))
			closeBoth(w, a, b)
		},
	},
	{
		Name: "ecn-negotiated", Title: "the SYNs agree on ECN: their control bits say more than SYN and ACK", Sysctls: set{"tcp_ecn": "1"},
		Run: func(w *World) {
			a, b := w.Pair()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "shutdown-of-reading", Title: "A shuts the receiving side: nothing is sent, data that come are acknowledged",
		Run: func(w *World) {
			a, b := w.Pair()
			need("shutdown", a.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RD) }))
			b.Write(200)
			w.Later()
			closeBoth(w, a, b)
		},
	},
	{
		Name: "user-timeout-in-a-closed-window", Long: true, Title: "B's window stays closed: A gives up by TCP_USER_TIMEOUT 2 s",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8, Opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
			a := w.Dial(&w.A, clientPort, w.server(), Opt(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 2000))
			l.Accept()
			a.Write(20_000)
			w.Sleep(6 * time.Second)
		},
	},
	{
		Name: "rst-with-data-half-closed", Title: "a RST with octets of payload reaches A, which waits in FIN_WAIT_2",
		Run: func(w *World) {
			a, _ := w.Pair()
			a.Shutdown()
			w.Later()
			p := w.Forge(w.server())
			p.Flags, p.Payload = wire.RST|wire.ACK, []byte("reset by a proxy")
			w.Inject(p)
			w.Later()
		},
	},
	{
		Name: "disconnected", Title: "connect() to AF_UNSPEC aborts the connection; the socket connects again from the same port",
		Run: func(w *World) {
			l := w.Listen(&w.B, serverPort, 8)
			a := w.Dial(&w.A, clientPort, w.server())
			b := l.Accept()
			w.Greet(a, b)
			need("disconnect", a.control(func(fd int) error {
				none := unix.RawSockaddrInet4{Family: unix.AF_UNSPEC}
				if _, _, e := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&none)), unix.SizeofSockaddrInet4); e != 0 {
					return e
				}
				return nil
			}))
			w.Later()
			a.Connect(w.server())
			need("connect", a.Result())
			b = l.Accept()
			w.Greet(a, b)
			closeBoth(w, a, b)
		},
	},
}
