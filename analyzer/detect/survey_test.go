package detect

import (
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/report"
)

// scene is a capture of many connections and what one detector has to say of it, as
// "severity confidence title"; "": nothing.
// attacks are those that stand for connections in scenes.
var attacks = map[*Input]FragmentAttack{}

// attack is one with so many fragments.
func attack(trick string, n uint64) []*Input {
	a := FragmentAttack{Src: netip.MustParseAddr("192.0.2.66"), Dst: netip.MustParseAddr("198.51.100.1"), Trick: trick, N: n, First: []Mark{m(7, 0)}, Lasted: 20 * time.Duration(n-1) * time.Millisecond}
	if n > 1 {
		a.First = append(a.First, m(8, 0))
	}
	in := ordinary()
	attacks[in] = a
	return []*Input{in}
}

// twinned are n connections, each of which was captured twice, the second time changed.
func twinned(n int, gap float64, change func(*Input, int)) []*Input {
	number := func(i int, in *Input) *Input {
		a, b := uint32(i)*7919, uint32(i)*104729
		in.Conn.Endpoints.Client.ISN, in.Conn.Endpoints.Server.ISN = &a, &b
		return in
	}
	list := numbered(2*n, gap/2, func(int) *Input { return ordinary() })
	for i, in := range list {
		number(i/2, in)
		if i%2 == 1 {
			in.Conn.Client, in.Conn.Server = list[i-1].Conn.Client, list[i-1].Conn.Server
			change(in, i/2)
		}
	}
	return list
}

type scene struct {
	name string
	list []*Input
	want string
}

// numbered gives n connections numbers, source ports and times, one every gap
// milliseconds, and lets the capture end for all of them at the end of the last.
func numbered(n int, gap float64, make func(i int) *Input) (list []*Input) {
	for i := range n {
		in := make(i)
		shift(in, time.Duration(float64(i)*gap*float64(time.Millisecond)))
		in.Conn.ID = uint64(1 + 100*i)
		in.Conn.Client.Port = uint16(32768 + i)
		list = append(list, in)
	}
	return together(list)
}

// together lets the capture end for all of them at once.
func together(lists ...[]*Input) (all []*Input) {
	var end time.Time
	for _, list := range lists {
		all = append(all, list...)
	}
	for i, in := range all {
		in.Conn.ID = uint64(1 + 100*i)
		if in.Now.After(end) {
			end = in.Now
		}
	}
	for _, in := range all {
		if in.Conn.FinalBy == "end-of-input" {
			in.Now = end
		}
	}
	return all
}

// shift moves a connection in time.
func shift(in *Input, d time.Duration) {
	move := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	c := in.Conn
	move(&c.Start)
	move(&c.End)
	move(&in.Now)
	for i, side := range sides {
		if e := c.Endpoint(side); e.Since != nil {
			e.Since = ptr(e.Since.Add(d))
		}
		for _, s := range []*Sent{&in.SYN[i], &in.FIN[i], &in.FINAcked[i]} {
			move(&s.Time)
			move(&s.LastTime)
		}
		move(&in.Last[i].Time)
		if in.TimeWaits[i].From != 0 {
			in.TimeWaits[i].From += int64(d)
			in.TimeWaits[i].Until += int64(d)
		}
	}
	for _, s := range []*Sent{&in.SYNACK, &in.HalfClose} {
		move(&s.Time)
		move(&s.LastTime)
	}
	for i := range in.Notes {
		move(&in.Notes[i].Time)
	}
	for i := range in.Resets {
		move(&in.Resets[i].Time)
	}
}

// leaked is one whose server does not close for so long.
func leaked(ms float64) *Input { return halfClosed().until(100 + ms) }

// closedAfter is one whose server closed after so long.
func closedAfter(ms float64) *Input {
	return with(ordinary(), func(in *Input) { in.Conn.Close.CloseWait = ptr(ms / 1000) })
}

// waited is one whose client, or server, holds TIME-WAIT for a minute after it.
func waited(side report.Side) *Input {
	return with(ordinary(), func(in *Input) {
		from := in.Conn.End
		in.TimeWaits[index(side)] = Span{from.UnixNano(), from.Add(time.Minute).UnixNano()}
	})
}

// unheard is one whose server says nothing: the client gives up after wait and closes;
// the capture ends after more.
func unheard(wait, more float64) *Input {
	return with(halfClosed(), func(in *Input) {
		in.Conn.Endpoints.Server.UniqueBytes, in.Conn.Endpoints.Server.PayloadBytes = 0, 0
		in.FIN[0], in.FINAcked[0] = once(8, wait), once(9, wait+21)
		in.Last = [2]Mark{m(8, wait), m(9, wait+21)}
		in.Conn.Endpoints.Server.Since = ptr(ms(wait))
		in.Taken[0] = true
		in.until(wait + more)
	})
}

// refusedACK is one whose ACK of the SYN,ACK drew a RST.
func refusedACK() *Input {
	return with(overflow(0, client), func(in *Input) {
		in.refute(server, "rcv.ACK-of-SYN", "answered-by-reset", 3, 4)
		in.aborted(server, "rst", "no-such-connection", 4, 41, 3, 0)
	})
}

// refusedSYN is one that nobody listened for.
func refusedSYN(int) *Input {
	return with(synSent(), func(in *Input) {
		in.Conn.Open.Kind = "refused"
		in.aborted(server, "rst-ack", "refused", 2, 1, 1, 0)
	})
}

// lostInCloseWait is one that the server did not close, until a RST told it that the
// client has no socket any more.
func lostInCloseWait(wait float64) *Input {
	return with(halfClosed(), func(in *Input) {
		in.aborted(client, "rst", "after-close", 12, wait+130, 11, 0)
		in.Conn.Close.FirstCloser, in.Conn.Close.CloseWait = client, ptr(wait/1000)
	})
}

// hung is one that was answered at first, whose client then gave up after so long.
func hung(wait float64) *Input {
	return with(leaked(wait), func(in *Input) {
		in.LeftUnanswered[0] = true
		in.FIN[0], in.FINAcked[0] = once(8, 60+wait), once(9, 80+wait)
		in.Pauses[0][1] = time.Duration(wait) * time.Millisecond
		in.Last = [2]Mark{m(8, 60+wait), m(9, 80+wait)}
		in.Conn.Endpoints.Server.Since = ptr(ms(60 + wait))
		in.until(60 + wait + 3000)
	})
}

// slow is one that was answered after so long.
func slow(ms float64) *Input {
	return with(ordinary(), func(in *Input) {
		in.Pauses[1][0] = time.Duration(ms) * time.Millisecond
		in.Last[1] = m(12, ms+60)
		in.ends(12, ms+60)
	})
}

// asked is one whose client waits for an answer.
func asked(wait float64) *Input {
	return with(established(), func(in *Input) {
		in.Conn.Endpoints.Server.UniqueBytes, in.Conn.Endpoints.Server.PayloadBytes = 0, 0
		in.Taken[0] = true
		in.until(60 + wait)
	})
}

// aborts is one whose client asks, waits and gives up with a RST.
func aborts(wait float64) *Input {
	return with(asked(0), func(in *Input) {
		in.Conn.Close.FirstCloser = client
		in.aborted(client, "rst-ack", "abort", 9, wait, 0, 0)
	})
}

// from gives the connections clients of their own.
func from(list []*Input) []*Input {
	for i, in := range list {
		in.Conn.Client.IP = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
	}
	return list
}

// from2 is from for more than 256.
func from2(list []*Input) []*Input {
	for i, in := range list {
		in.Conn.Client.IP = netip.AddrFrom4([4]byte{192, 0, 2 + byte(i>>8), byte(i)})
	}
	return list
}

// turned is in with the roles of its ends exchanged, but for their addresses.
func turned(in *Input) *Input {
	c := in.Conn
	c.Endpoints.Client, c.Endpoints.Server = c.Endpoints.Server, c.Endpoints.Client
	c.Close.FirstCloser = c.Close.FirstCloser.Peer()
	for _, x := range []*[2]Sent{&in.FIN, &in.FINAcked} {
		x[0], x[1] = x[1], x[0]
	}
	in.Last[0], in.Last[1] = in.Last[1], in.Last[0]
	for i := range in.Notes {
		in.Notes[i].Side = in.Notes[i].Side.Peer()
	}
	in.Pauses[0], in.Pauses[1] = in.Pauses[1], in.Pauses[0]
	for i := range c.Resets {
		c.Resets[i].By = c.Resets[i].By.Peer()
	}
	if c.Close.Reset != nil {
		c.Close.Reset.By = c.Close.Reset.By.Peer()
	}
	return in
}

// denies is one that the server did not know any more after a pause.
func denies(pause float64) *Input {
	return with(established(), func(in *Input) {
		in.aborted(server, "rst", "no-such-connection", 9, 60+pause+20, 8, 12)
		in.Resets[0].Idle = time.Duration(pause * float64(time.Millisecond))
		in.Pauses[0][1] = time.Duration(pause * float64(time.Millisecond))
		in.Last[0] = m(8, 60+pause)
	})
}

// muted is one whose server never answers again what comes after a pause.
func muted(pause float64) *Input {
	return with(established(), func(in *Input) {
		for i := range 4 {
			t := 60 + pause + 200*float64(int(1)<<i)
			n := note(DataAgain, client, uint64(9+i), t)
			n.Idle = time.Second
			in.Notes = append(in.Notes, n)
			in.Last[0] = m(uint64(9+i), t)
			in.ends(uint64(9+i), t)
		}
		in.Pauses[0] = [2]time.Duration{time.Duration(pause) * time.Millisecond, 2 * time.Second} // the repetitions have some, too
	})
}

// probedLate is one whose server does not answer keepalive probes after ten minutes.
func probedLate(n int) *Input {
	return with(probed(n, 0), func(in *Input) {
		for i := range in.Notes {
			in.Notes[i].Time = in.Notes[i].Time.Add(599 * time.Second)
		}
		in.Last[0].Time = in.Last[0].Time.Add(599 * time.Second)
		in.ends(in.Last[0].Frame, 600_000+1000*float64(n))
		in.Pauses[0] = [2]time.Duration{600 * time.Second, time.Second}
	})
}

// shifted moves connections in time.
func shifted(ms float64, list []*Input) []*Input {
	for _, in := range list {
		shift(in, time.Duration(ms*float64(time.Millisecond)))
	}
	return list
}

// pausing is one that a pause did no harm.
func pausing(pause float64) *Input {
	return with(established(), func(in *Input) {
		in.Pauses = [2][2]time.Duration{{0, time.Duration(pause) * time.Millisecond}, {0, time.Duration(pause) * time.Millisecond}}
		in.Last = [2]Mark{m(9, 60+pause), m(10, 80+pause)}
		in.ends(10, 80+pause)
	})
}

// surveys has, for each detector of groups, captures in which it fires, and its nearest
// look-alikes.
var surveys = sync.OnceValue(func() map[string][]scene {
	syns := func(n int, gap float64, again int) []*Input {
		return from(numbered(n, gap, func(int) *Input {
			return with(synSent(), func(in *Input) { in.SYN[0].Copies = again })
		}))
	}
	// Each is given up after a tenth of a second, to make room for others.
	crowd := func(n int, gap float64, clients int) []*Input {
		list := numbered(n, gap, func(int) *Input { return synSent() })
		for i, in := range list {
			k := i % clients
			in.Conn.Client = report.Addr{IP: netip.AddrFrom4([4]byte{10, 0, byte(k >> 8), byte(k)}), Port: 40000}
			in.Now = in.Conn.Start.Add(100 * time.Millisecond)
		}
		return list
	}
	parity := func(i int) uint16 { // as Linux takes 64 ports: the even ones first
		if i < 32 {
			return uint16(40000 + 2*i)
		}
		return uint16(40001 + 2*(i-32))
	}
	ports := func(list []*Input, port func(int) uint16) []*Input {
		for i, in := range list {
			in.Conn.Client.Port = port(i)
		}
		return list
	}
	takenBack := func(n int, gap float64) []*Input {
		return numbered(n, gap, func(int) *Input {
			return with(answered(), func(in *Input) { in.reset(client, "rst", "", "closed", 3, 21, 2, 0) })
		})
	}
	return map[string][]scene{
		"fragment-attack": {
			{"teardrop", attack("overlap", 2), "warning high 2 IP fragments from 192.0.2.66 to 198.51.100.1, overlapping others"},
			{"the header in two", attack("tiny", 1), "warning medium 1 IP fragment from 192.0.2.66 to 198.51.100.1, cutting the TCP header in two"},
			{"everything", together(attack("overlap", 4), attack("tiny", 20), attack("oversized", 3)),
				"warning high 20 IP fragments from 192.0.2.66 to 198.51.100.1, cutting the TCP header in two; warning high 3 IP fragments from 192.0.2.66 to 198.51.100.1, reaching beyond 65,535 octets; warning high 4 IP fragments from 192.0.2.66 to 198.51.100.1, overlapping others"},
			{"connections without fragments", numbered(9, 1, func(int) *Input { return ordinary() }), ""},
			{"nothing", nil, ""},
		},
		"two-taps": {
			{"before and after a NAT", twinned(9, 1, func(in *Input, i int) {
				in.Conn.Client = report.Addr{IP: netip.MustParseAddr("203.0.113.9"), Port: uint16(5000 + i)}
			}),
				"info high 9 connections captured before and after a NAT: 192.0.2.1:32768 > 198.51.100.1:5000 is 203.0.113.9:5000 > 198.51.100.1:5000"},
			{"in a tunnel and outside", twinned(1, 1, func(in *Input, _ int) { in.Conn.VLAN, in.Conn.Tunnel = []uint16{4000}, []string{"vxlan:42"} }),
				"info high 1 connection captured in two encapsulations: as it is and in VLAN 4000, vxlan:42"},
			{"the same numbers again, later", twinned(9, 1, func(in *Input, i int) {
				in.Conn.Client.IP = netip.MustParseAddr("203.0.113.9")
				shift(in, 3*time.Second)
			}), ""},
			{"another port of the same host", twinned(9, 1, func(in *Input, i int) { in.Conn.Client.Port = uint16(5000 + i) }), ""},
			{"another time stamp", twinned(9, 1, func(in *Input, i int) { in.Conn.Client.IP, in.SYNStamp = netip.MustParseAddr("203.0.113.9"), 7 }), ""},
			{"the same ports again", twinned(9, 1, func(*Input, int) {}), ""},
			{"an ISN that was not captured", twinned(9, 1, func(in *Input, i int) {
				in.Conn.Client.IP, in.Conn.Endpoints.Server.ISN = netip.MustParseAddr("203.0.113.9"), nil
			}), ""},
			{"other numbers", numbered(9, 1, func(int) *Input { return ordinary() }), ""},
		},
		"syn-flood": {
			{"1,000 SYNs in 2 s", syns(1000, 2, 0), "critical high 1,000 SYNs to 198.51.100.1:5000 in 2 s, up to 500 a second; 1,000 of them never completed"},
			{"twice", together(syns(300, 2, 0), shifted(20_000, syns(1000, 2, 0)), numbered(3, 1, func(int) *Input { return ordinary() }), syns(5, 2, 1)),
				"critical high 1,000 SYNs to 198.51.100.1:5000 in 2 s, up to 500 a second; 1,000 of them never completed"},
			{"rejected", numbered(1000, 2, func(int) *Input {
				return with(synSent(), func(in *Input) { in.Conn.Rejected = &report.Rejected{ICMPType: 3, ICMPCode: 1, Frame: 2} })
			}), ""},
			{"honest clients, whose SYNs could not come again yet", syns(400, 2, 0), ""},
			{"health checks that reset", takenBack(500, 100), ""},
			{"a capture of nothing but SYNs", numbered(1000, 2, func(int) *Input { return answered() }),
				"notice low 1,000 SYNs to 198.51.100.1:5000 in 2 s, up to 500 a second; 1,000 of them never completed"},
			{"the same beside others", together(numbered(1000, 2, func(int) *Input { return answered() }), shifted(9000, numbered(1, 1, func(int) *Input { return ordinary() }))),
				"critical medium 1,000 SYNs to 198.51.100.1:5000 in 2 s, up to 500 a second; 1,000 of them never completed"},
			{"a tool whose kernel resets", takenBack(1000, 2), "warning medium 1,000 SYNs to 198.51.100.1:5000 in 2 s, up to 500 a second; 1,000 of them never completed"},
			{"a fifth of the forged hosts live", together(takenBack(500, 10), syns(2000, 2.5, 0)),
				"critical high 2,500 SYNs to 198.51.100.1:5000 in 5 s, up to 500 a second; 2,500 of them never completed"},
			{"honest clients without an answer", syns(1000, 2, 1), ""},
			{"few a second", syns(500, 100, 0), ""},
			{"so many that each is given up at once", crowd(6000, 1, 6000), "critical high 6,000 SYNs to 198.51.100.1:5000 in 6 s, up to 1000 a second; 6,000 of them never completed"},
			{"honest clients, each given up at once", crowd(6000, 1, 1000), ""},
			{"the same for a short time", crowd(3000, 1, 3000), ""},
			{"a load test", numbered(1000, 2, func(int) *Input { return ordinary() }), ""},
			{"refused", numbered(1000, 2, func(int) *Input {
				return with(synSent(), func(in *Input) { in.aborted(server, "rst-ack", "refused", 2, 1, 1, 0) })
			}), ""},
		},
		"accept-queue-overflow": {
			{"a RST to each ACK, while others are served", together(numbered(4, 10, func(int) *Input { return refusedACK() }), shifted(500, numbered(2, 10, func(int) *Input { return ordinary() }))),
				"warning medium 198.51.100.1:5000 answered the ACK of 4 handshakes with a RST: its accept queue was probably full"},
			{"a listener that is restarted", together(numbered(4, 10, func(int) *Input { return refusedACK() }), shifted(100, numbered(2, 10, refusedSYN)), shifted(500, numbered(2, 10, func(int) *Input { return ordinary() }))), ""},
			{"one that was restarted long before", together(numbered(2, 10, refusedSYN), shifted(3000, numbered(4, 10, func(int) *Input { return refusedACK() })), shifted(3500, numbered(2, 10, func(int) *Input { return ordinary() }))),
				"warning medium 198.51.100.1:5000 answered the ACK of 4 handshakes with a RST: its accept queue was probably full"},
			{"one that is restarted later", together(numbered(4, 10, func(int) *Input { return refusedACK() }), shifted(500, numbered(2, 10, func(int) *Input { return ordinary() })), shifted(6000, numbered(2, 10, refusedSYN))),
				"warning medium 198.51.100.1:5000 answered the ACK of 4 handshakes with a RST: its accept queue was probably full"},
			{"two of them", together(numbered(2, 10, func(int) *Input { return refusedACK() }), shifted(500, numbered(2, 10, func(int) *Input { return ordinary() }))), ""},
			{"a listener that was closed", together(numbered(2, 10, func(int) *Input { return ordinary() }), shifted(500, numbered(4, 10, func(int) *Input { return refusedACK() }))), ""},
			{"the SYN,ACK comes again", together(numbered(4, 10, func(int) *Input { return overflow(2, client) }), shifted(500, numbered(2, 10, func(int) *Input { return ordinary() }))), ""},
		},
		"close-wait-leak": {
			{"older than a minute", numbered(10, 1000, func(int) *Input { return leaked(70_000) }), "warning high 10 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 1 min 19 s"},
			{"more and more", numbered(200, 1000, func(int) *Input { return leaked(2000) }), "warning high 200 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 3 min 21 s, 58 more a minute"},
			{"no more", numbered(100, 1000, func(int) *Input { return leaked(70_000) }), "warning high 100 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 2 min 49 s"},
			{"so many that descriptors run out", numbered(800, 250, func(int) *Input { return leaked(2000) }), "critical high 800 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 3 min 22 s, 232 more a minute"},
			{"faster of late", together(numbered(2, 1, func(int) *Input { return leaked(600_000) }), shifted(540_000, numbered(300, 200, func(int) *Input { return leaked(500) }))),
				"critical high 299 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 10 min, 287 more a minute"},
			{"a few", numbered(3, 1, func(int) *Input { return leaked(70_000) }), "warning high 3 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 1 min 10 s"},
			{"young ones, while the others are closed at once", together(numbered(40, 10, func(int) *Input { return closedAfter(20) }),
				numbered(6, 10, func(int) *Input { return leaked(12_000) })), "warning medium 6 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 12.1 s"},
			{"of two clients", together(numbered(4, 1, func(int) *Input { return leaked(70_000) }), from(numbered(1, 1, func(int) *Input { return leaked(70_000) }))),
				"warning high 5 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 1 min 10 s"},
			{"of very many clients", from2(numbered(300, 1, func(int) *Input { return leaked(70_000) })),
				"warning high 300 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 1 min 10 s"},
			{"more than there are descriptors", numbered(1100, 1, func(int) *Input { return leaked(70_000) }),
				"critical high 1,100 sockets at 198.51.100.1:5000 in CLOSE-WAIT, the oldest 1 min 11 s"},
			{"at the client", numbered(4, 1, func(int) *Input { return turned(leaked(70_000)) }),
				"warning high 4 sockets at 192.0.2.1, of connections to 198.51.100.1:5000, in CLOSE-WAIT, the oldest 1 min 10 s"},
			{"a single one", numbered(1, 0, func(int) *Input { return leaked(600_000) }), ""},
			{"reset after a minute, by keepalives that find no socket", numbered(6, 10, func(int) *Input { return lostInCloseWait(62_000) }),
				"warning high 6 sockets at 198.51.100.1:5000 stayed in CLOSE-WAIT until a RST ended them, for up to 1 min 2 s"},
			{"reset sooner", numbered(6, 10, func(int) *Input { return lostInCloseWait(30_000) }), ""},
			{"younger than a sixth of what is long", together(numbered(40, 10, func(int) *Input { return closedAfter(20) }),
				numbered(6, 10, func(int) *Input { return leaked(3000) })), ""},
			{"as others that were reset in the end", together(numbered(40, 10, func(int) *Input { return ordinary() }), numbered(8, 10, func(int) *Input {
				return lostInCloseWait(2500)
			}), numbered(6, 10, func(int) *Input { return leaked(12_000) })), ""},
			{"young ones", numbered(30, 10, func(int) *Input { return leaked(3000) }), ""},
			{"as slow as the others", together(numbered(40, 10, func(int) *Input { return closedAfter(2000) }),
				numbered(6, 10, func(int) *Input { return leaked(3000) })), ""},
			{"closed after a while", numbered(10, 10, func(int) *Input { return closedAfter(90_000) }), ""},
			{"half-closes in use", numbered(10, 10, func(int) *Input {
				return with(leaked(70_000), func(in *Input) {
					in.Conn.HalfClose = &report.HalfClose{By: client, Bytes: 100}
					in.HalfClose = again(10, 140, 60, 69_000, 0)
				})
			}), ""},
		},
		"application-silent": {
			{"clients give up", numbered(4, 100, func(int) *Input { return unheard(5000, 15_000) }),
				"warning high The program at 198.51.100.1:5000 answers nothing: 4 connections accepted by its kernel, not a byte from it"},
			{"one has given up just now", numbered(1, 0, func(int) *Input { return unheard(5000, 100) }),
				"notice low The program at 198.51.100.1:5000 answers nothing: 1 connection accepted by its kernel, not a byte from it"},
			{"nobody has given up yet", numbered(3, 100, func(int) *Input { return asked(40_000) }),
				"notice low The program at 198.51.100.1:5000 answers nothing: 3 connections accepted by its kernel, not a byte from it"},
			{"one gives up, others are answered", together(numbered(40, 10, func(int) *Input { return ordinary() }), numbered(1, 0, func(int) *Input { return unheard(5000, 15_000) })),
				"warning high The program at 198.51.100.1:5000 answers nothing any more: 1 connection accepted by its kernel, not a byte from it"},
			{"one gives up, with fast open", numbered(1, 0, func(int) *Input {
				return with(unheard(5000, 15_000), func(in *Input) { in.Conn.Open.Kind = "fast-open" })
			}), "warning medium The program at 198.51.100.1:5000 answers nothing: 1 connection accepted by its kernel, not a byte from it"},
			{"more than there are descriptors", numbered(1100, 1, func(int) *Input { return unheard(5000, 15_000) }),
				"warning high The program at 198.51.100.1:5000 answers nothing: 1,100 connections accepted by its kernel, not a byte from it"},
			{"nobody is served any more", together(numbered(40, 10, func(int) *Input { return ordinary() }), shifted(5000, numbered(6, 1000, func(int) *Input { return asked(15_000) }))),
				"warning medium The program at 198.51.100.1:5000 answers nothing any more: 6 connections accepted by its kernel, not a byte from it"},
			{"clients give up with a RST", numbered(4, 100, func(int) *Input { return aborts(15_000) }),
				"warning high The program at 198.51.100.1:5000 answers nothing: 4 connections accepted by its kernel, not a byte from it"},
			{"clients give up with a RST after 5 s, for long", numbered(4, 6000, func(int) *Input { return aborts(5000) }),
				"warning high The program at 198.51.100.1:5000 answers nothing: 4 connections accepted by its kernel, not a byte from it"},
			{"half-closed, and answered as late as before", together(numbered(12, 1000, func(int) *Input {
				return with(slow(12_000), func(in *Input) {
					in.Conn.HalfClose, in.HalfClose = &report.HalfClose{By: client, Bytes: 100}, once(11, 12_060)
				})
			}), shifted(20_000, numbered(1, 1, func(int) *Input { return unheard(5000, 11_000) }))), ""},
			{"given up as late as others were answered, who had not half-closed", together(numbered(12, 1000, func(int) *Input { return slow(12_000) }),
				shifted(20_000, numbered(1, 1, func(int) *Input { return unheard(5000, 11_000) }))),
				"warning high The program at 198.51.100.1:5000 answers nothing any more: 1 connection accepted by its kernel, not a byte from it"},
			{"half-closed by the server", together(numbered(12, 1000, func(int) *Input {
				return with(slow(12_000), func(in *Input) {
					in.Conn.HalfClose, in.HalfClose = &report.HalfClose{By: server, Bytes: 100}, once(11, 12_060)
				})
			}), shifted(20_000, numbered(1, 1, func(int) *Input { return unheard(5000, 11_000) }))),
				"warning high The program at 198.51.100.1:5000 answers nothing any more: 1 connection accepted by its kernel, not a byte from it"},
			{"half-closed, and never answered", together(numbered(12, 1000, func(int) *Input {
				return with(slow(2000), func(in *Input) {
					in.Conn.HalfClose, in.HalfClose = &report.HalfClose{By: client, Bytes: 100}, once(11, 2060)
				})
			}), shifted(20_000, numbered(1, 1, func(int) *Input { return unheard(5000, 11_000) }))),
				"warning high The program at 198.51.100.1:5000 answers nothing any more: 1 connection accepted by its kernel, not a byte from it"},
			{"it has just given up, after a minute", numbered(1, 1, func(int) *Input {
				return with(unheard(60_000, 500), func(in *Input) { in.LeftUnanswered[0], in.Pauses[0][1] = true, 59*time.Second })
			}), "warning medium The program at 198.51.100.1:5000 answers nothing: 1 connection accepted by its kernel, not a byte from it"},
			{"it hangs after it has served", numbered(4, 100, func(int) *Input { return hung(12_000) }),
				"warning medium The program at 198.51.100.1:5000 answers nothing any more: 4 connections that it had served got an ACK of its kernel, and not a byte from it"},
			{"two of those", numbered(2, 100, func(int) *Input { return hung(12_000) }), ""},
			{"not for long", numbered(4, 100, func(int) *Input { return hung(6000) }), ""},
			{"others are served meanwhile", together(numbered(4, 100, func(int) *Input { return hung(12_000) }), shifted(7000, numbered(1, 0, func(int) *Input { return ordinary() }))), ""},
			{"clients abort at once", numbered(4, 100, func(int) *Input { return aborts(200) }), ""},
			{"answered, and not closed", numbered(4, 100, func(int) *Input { return leaked(15_000) }), ""},
			{"slow answers, and as many under way", together(numbered(19, 1000, func(int) *Input { return slow(30_000) }), shifted(30_000, numbered(6, 100, func(int) *Input { return asked(31_000) }))), ""},
			{"a queue from which one is served at a time", together(numbered(9, 10, func(i int) *Input { return slow(float64(3500 * (i + 1))) }), numbered(6, 100, func(int) *Input { return asked(32_000) })), ""},
			{"three give up, others are answered later", together(numbered(3, 1, func(int) *Input { return unheard(5000, 15_000) }), shifted(6000, numbered(40, 10, func(int) *Input { return ordinary() }))),
				"warning medium The program at 198.51.100.1:5000 left 3 connections unanswered, which its kernel had accepted, and answered others"},
			{"a slow answer under way", together(numbered(40, 10, func(int) *Input { return ordinary() }), numbered(3, 1, func(int) *Input { return asked(40_000) })), ""},
			{"its data was not acknowledged", numbered(4, 100, func(int) *Input {
				return with(asked(40_000), func(in *Input) { in.Taken[0] = false })
			}), ""},
			{"its server closed", numbered(4, 100, func(int) *Input {
				return with(unheard(5000, 15_000), func(in *Input) { in.FIN[1] = once(10, 5100) })
			}), ""},
		},
		"time-wait-pile-up": {
			{"300 in 30 s", numbered(300, 100, func(int) *Input { return waited(client) }), "notice high 300 source ports of 192.0.2.1 in TIME-WAIT at a time, towards 198.51.100.1:5000"},
			{"2,000 in 40 s", numbered(2000, 20, func(int) *Input { return waited(client) }), "warning high 2,000 source ports of 192.0.2.1 in TIME-WAIT at a time, towards 198.51.100.1:5000"},
			{"taken over, as by tcp_tw_reuse", numbered(2800, 20, func(i int) *Input {
				return with(waited(client), func(in *Input) {
					if in.ReuseHolder = client; i > 1000 {
						in.Conn.Reuse = &report.Reuse{Age: 5, AcceptedBy: "holder"}
					}
				})
			}), "warning high 2,800 source ports of 192.0.2.1 in TIME-WAIT at a time, towards 198.51.100.1:5000"},
			{"of a wider range", ports(numbered(2800, 20, func(int) *Input { return waited(client) }), func(i int) uint16 { return uint16(10000 + 19*i) }),
				"notice high 2,800 source ports of 192.0.2.1 in TIME-WAIT at a time, towards 198.51.100.1:5000"},
			{"at the server", numbered(300, 100, func(int) *Input { return waited(server) }), ""},
			{"slowly", numbered(300, 1000, func(int) *Input { return waited(client) }), ""},
			{"of many clients", from(numbered(300, 100, func(int) *Input { return waited(client) })), ""},
		},
		"time-wait-on-server": {
			{"300 in 30 s", from(numbered(300, 100, func(i int) *Input {
				return with(waited(server), func(in *Input) { in.Conn.Duration = float64(i) / 100 })
			})), "info high 300 connections in TIME-WAIT at a time at 198.51.100.1:5000, the listening end: no port is taken"},
			{"at the client", numbered(300, 100, func(int) *Input { return waited(client) }), ""},
			{"few", numbered(30, 10, func(int) *Input { return waited(server) }), ""},
		},
		"port-exhaustion": {
			{"the whole range", numbered(2800, 20, func(int) *Input { return waited(client) }),
				"critical high No source port left at 192.0.2.1 towards 198.51.100.1:5000: 2,800 of 2,823 in use or in TIME-WAIT"},
			{"a narrow one", ports(numbered(64, 10, func(int) *Input { return waited(client) }), parity),
				"critical medium No source port left at 192.0.2.1 towards 198.51.100.1:5000: 64 of 64 in use or in TIME-WAIT"},
			{"ports one after the other", ports(numbered(64, 10, func(int) *Input { return waited(client) }), func(i int) uint16 { return uint16(40000 + i) }), ""},
			{"half of the range", numbered(1500, 20, func(int) *Input { return waited(client) }), ""},
			{"at the server", from(numbered(2800, 20, func(int) *Input { return waited(server) })), ""},
		},
		"middlebox-idle-timeout": {
			{"after 350 s", together(numbered(4, 200_000, func(i int) *Input { return denies(360_000 + 10_000*float64(i)) }), numbered(2, 1000, func(int) *Input { return pausing(340_000) })),
				"warning high 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min or longer"},
			{"a longer pause did no harm, in a capture that has missed something of it", together(numbered(4, 200_000, func(i int) *Input { return denies(360_000 + 10_000*float64(i)) }),
				numbered(2, 1000, func(int) *Input {
					return with(pausing(500_000), func(in *Input) { in.Conn.Vantage.MissingBytes.Client = 5 })
				})), "warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min or longer"},
			{"denied after a gap in the capture, and a pause that may have been none", numbered(4, 200_000, func(i int) *Input {
				return with(denies(360_000+10_000*float64(i)), func(in *Input) {
					in.Pauses[1][0], in.Conn.Vantage.MissingBytes.Client = 500*time.Second, 5
				})
			}), "warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min or longer"},
			{"in silence", together(numbered(4, 100_000, func(int) *Input { return muted(360_000) }), numbered(1, 0, func(int) *Input { return pausing(800_000) })),
				""}, // a pause of that length did no harm
			{"in silence, while others are served", together(numbered(4, 100_000, func(int) *Input { return muted(360_000) }), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))),
				"warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min"},
			{"probes in silence, while others are served", together(numbered(4, 100_000, func(int) *Input {
				return with(probed(5, 0), func(in *Input) { in.Pauses[0][1] = time.Second })
			}), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))), ""}, // after a pause of a second
			{"probes in silence, after ten minutes", together(numbered(4, 100_000, func(int) *Input { return probedLate(5) }), shifted(1_500_000, numbered(3, 1000, func(int) *Input { return ordinary() }))),
				"warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 10 min"},
			{"two probes in silence", together(numbered(4, 100_000, func(int) *Input { return probedLate(2) }), shifted(1_500_000, numbered(3, 1000, func(int) *Input { return ordinary() }))), ""},
			{"in silence, of one direction", together(numbered(4, 100_000, func(int) *Input {
				return with(muted(360_000), func(in *Input) { in.Conn.Vantage.OneWay = true })
			}), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))), ""},
			{"never heard of", together(numbered(4, 100_000, func(int) *Input {
				return with(muted(360_000), func(in *Input) { in.Last[1] = Mark{} })
			}), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))), ""},
			{"a client that sleeps", together(numbered(4, 100_000, func(int) *Input { return turned(muted(360_000)) }), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))), ""},
			{"in silence, or denied", together(numbered(2, 200_000, func(int) *Input { return muted(360_000) }), numbered(2, 400_000, func(int) *Input { return denies(360_000) }),
				shifted(1_500_000, numbered(3, 1000, func(int) *Input { return ordinary() }))),
				"warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min"},
			{"in silence, and others to a server that is gone", together(numbered(4, 100_000, func(int) *Input { return muted(360_000) }),
				numbered(2, 100_000, func(int) *Input {
					return with(muted(360_000), func(in *Input) { in.Conn.Server.Port = 81 })
				}), shifted(900_000, numbered(3, 1000, func(int) *Input { return ordinary() }))),
				"warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min"},
			{"in silence, and nobody is served", numbered(4, 1000, func(int) *Input { return muted(360_000) }), ""},
			{"a host that was restarted", numbered(4, 1000, func(i int) *Input { return denies(360_000 + 10_000*float64(i)) }), ""},
			{"denied by somebody nearer than the host", numbered(4, 1000, func(i int) *Input {
				return with(denies(360_000+10_000*float64(i)), func(in *Input) {
					in.Resets[0].Signs = SignTTL | SignTooSoon
					in.Conn.Resets[0].Cause, in.Conn.Close.Reset.Cause = "injected", "injected"
				})
			}), "warning medium 4 connections between 192.0.2.0/24 and 198.51.100.0/24 forgotten while idle, for 6 min or longer"},
			{"two", numbered(2, 1000, func(int) *Input { return denies(360_000) }), ""},
			{"a longer pause did no harm", together(numbered(4, 1000, func(int) *Input { return denies(360_000) }), numbered(1, 0, func(int) *Input { return pausing(500_000) })), ""},
			{"short pauses", numbered(4, 1000, func(int) *Input { return denies(5_000) }), ""},
		},
		"peer-rebooted": {
			{"two connections", numbered(2, 100, func(i int) *Input { return denies(4000 + 700*float64(i)) }),
				"warning medium 198.51.100.1 did not know 2 connections any more: it was restarted, or lost its state"},
			{"one", numbered(1, 0, func(int) *Input { return denies(4000) }), ""},
			{"three, one of them not idle for long", together(numbered(2, 100, func(i int) *Input { return denies(400_000 + 700*float64(i)) }), shifted(396_000, numbered(1, 0, func(int) *Input { return denies(4200) }))),
				"warning high 198.51.100.1 did not know 3 connections any more: it was restarted, or lost its state"},
			{"three, all idle for long", numbered(3, 100, func(i int) *Input { return denies(400_000 + 700*float64(i)) }),
				"warning medium 198.51.100.1 did not know 3 connections any more: it was restarted, or lost its state"},
			{"three, and one that ended before", together(numbered(3, 100, func(i int) *Input { return denies(4000 + 700*float64(i)) }), numbered(1, 0, func(int) *Input { return pausing(1500) })),
				"warning high 198.51.100.1 did not know 3 connections any more: it was restarted, or lost its state"},
			{"another goes on", together(numbered(2, 100, func(int) *Input { return denies(4000) }), numbered(1, 0, func(int) *Input {
				return with(established(), func(in *Input) {
					in.Last = [2]Mark{m(9, 9000), m(10, 9020)}
					in.ends(10, 9020)
				})
			})), ""},
			{"a client", numbered(3, 100, func(i int) *Input { return turned(denies(4000 + 700*float64(i))) }),
				"warning high 192.0.2.1 did not know 3 connections any more: it was restarted, or lost its state"},
			{"a client that goes on with another", together(numbered(2, 100, func(int) *Input { return turned(denies(4000)) }), numbered(1, 0, func(int) *Input {
				return with(established(), func(in *Input) {
					in.Last = [2]Mark{m(9, 9000), m(10, 9020)}
					in.ends(10, 9020)
				})
			})), ""},
			{"another goes on that began sooner than it can have been restarted", together(numbered(2, 100, func(int) *Input { return denies(4000) }), shifted(800, numbered(1, 0, func(int) *Input {
				return with(established(), func(in *Input) {
					in.Last = [2]Mark{m(9, 9000), m(10, 9020)}
					in.ends(10, 9020)
				})
			}))), ""},
			{"a third party denies them", numbered(3, 100, func(int) *Input {
				return with(denies(4000), func(in *Input) { in.Resets[0].Signs = SignTooSoon })
			}), ""},
			{"a middlebox denies them", numbered(3, 100, func(int) *Input {
				return with(denies(4000), func(in *Input) { in.Resets[0].Signs = SignTTL })
			}), ""},
			{"denied from elsewhere", numbered(3, 100, func(int) *Input {
				return with(denies(4000), func(in *Input) { in.Resets[0].Elsewhere = true })
			}), ""},
			{"without a pause", numbered(3, 100, func(int) *Input { return denies(300) }), ""},
		},
	}
})

// TestSurveys runs the detectors of groups on captures in which they fire and on their
// look-alikes, as one part and as several that are merged.
func TestSurveys(t *testing.T) {
	for id, list := range surveys() {
		for _, g := range list {
			t.Run(id+"/"+g.name, func(t *testing.T) {
				for _, parts := range []int{1, 16} {
					if got := toldOf(surveyed(g.list, parts), id); got != g.want {
						t.Errorf("%d parts: %q, want %q", parts, got, g.want)
					}
				}
			})
		}
	}
}

// TestSurveyTexts: what is said of every group, as it was reviewed.
func TestSurveyTexts(t *testing.T) {
	var b strings.Builder
	all := surveys()
	for _, id := range slices.Sorted(maps.Keys(all)) {
		for _, g := range all[id] {
			for _, f := range surveyed(g.list, 3) {
				if f.ID != id {
					continue
				}
				fmt.Fprintf(&b, "%s, %s\n%s\n%s\nclient: %s\nserver: %s\n", id, g.name, f.Title, f.Explanation, f.SeenBy.Client, f.SeenBy.Server)
				for _, v := range f.Values {
					fmt.Fprintf(&b, "%s %v\n", v.Name, v.Any())
				}
				fmt.Fprintf(&b, "connections %v of %d, frames %v\n\n", f.Connections[:min(len(f.Connections), 3)], f.ConnectionsTotal, f.Frames)
			}
		}
	}
	const golden = "testdata/surveys.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("run with -update if that is meant: %s", diff)
	}
}

var update = flag.Bool("update", false, "write testdata/surveys.txt anew")

// TestSurveyFiles: of several files each frame has its file, whatever part it is of.
func TestSurveyFiles(t *testing.T) {
	list := numbered(4, 1, func(int) *Input { return leaked(70_000) })
	for i, in := range list {
		in.Multi = i == 2
		in.FIN[0].File = 1
	}
	for parts := 1; parts < 5; parts++ {
		for _, f := range surveyed(numbered(4, 1, func(int) *Input { return leaked(70_000) }), parts) {
			if f.FrameFiles != nil {
				t.Errorf("%d parts: files %v of one", parts, f.FrameFiles)
			}
		}
		for _, f := range surveyed(list, parts) {
			if f.ID == "close-wait-leak" && (len(f.FrameFiles) != len(f.Frames) || !slices.Contains(f.FrameFiles, 1)) {
				t.Errorf("%d parts: files %v of frames %v", parts, f.FrameFiles, f.Frames)
			}
		}
	}
}

// TestSurveyBound: among so many listeners that most are forgotten the one that leaks is
// found, and what is said of it says that there were more.
func TestSurveyBound(t *testing.T) {
	list := numbered(4, 1, func(int) *Input { return leaked(70_000) })
	list = append(list, numbered(4, 1, func(int) *Input { return turned(leaked(70_000)) })...)
	for _, in := range list[4:] {
		in.Conn.Server.Port = 81
	}
	list = append(list, numbered(1, 1, func(int) *Input { return unheard(5000, 15_000) })...)
	list[8].Conn.Server.Port = 82
	for i := range 1500 {
		for range 6 {
			in := waited(client)
			in.Conn.Server.IP = netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
			list = append(list, in)
		}
	}
	found := surveyed(list, 1)
	if got := countedOf(found); got != "close-wait-leak 4, close-wait-leak 4, application-silent 1" {
		t.Error(got)
	}
	for _, f := range found {
		if !strings.Contains(f.Explanation, "more listeners than are counted") {
			t.Error(f.Explanation)
		}
	}
}

func countedOf(list []report.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %d", f.ID, f.ConnectionsTotal))
	}
	return strings.Join(out, ", ")
}

// TestAddSYN: what is one SYN, and nothing else, counts as it does whole, whichever comes
// first.
func TestAddSYN(t *testing.T) {
	for _, last := range []float64{0, 2000} { // milliseconds for which the capture goes on
		whole, brief := NewSurvey(Defaults()), NewSurvey(Defaults())
		all := from(numbered(300, 2, func(int) *Input { return synSent() }))
		for i, in := range all {
			in.Now, in.SYN[0].Frame = ms(598+last), uint64(1+i)
			whole.Add(in)
		}
		for _, in := range slices.Backward(all) {
			c := in.Conn
			syn := in.SYN[0].first()
			brief.AddSYN(&LoneSYN{c.Client, c.Server, c.Start.UnixNano(), in.Now.UnixNano(), c.ID, syn.Frame, syn.File})
			brief.Ends(in.Now)
		}
		one, two := whole.Findings(), brief.Findings()
		if d := cmp.Diff(one, two, cmp.AllowUnexported(report.Value{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" || (len(one) > 0) != (last > 0) {
			t.Errorf("%d and %d findings after %v ms: %s", len(one), len(two), last, d)
		}
	}
}

// TestHashAddr: an address has one hash, however it is written.
func TestHashAddr(t *testing.T) {
	for _, text := range []string{"0.0.0.0", "192.0.2.1", "198.51.100.255", "255.255.255.255"} {
		a := netip.MustParseAddr(text)
		if hashAddr(a) != hashAddr(netip.AddrFrom16(a.As16())) {
			t.Errorf("two of %s", text)
		}
	}
}

// TestOrders: of what is equal otherwise the first connection comes first, whatever
// part it is of.
func TestOrders(t *testing.T) {
	for i, ok := range []bool{
		earlier(&witness{t: 1, id: 2}, &witness{t: 2, id: 1}), !earlier(&witness{t: 2, id: 1}, &witness{t: 1, id: 2}),
		earlier(&witness{t: 1, id: 1}, &witness{t: 1, id: 2}), !earlier(&witness{t: 1, id: 2}, &witness{t: 1, id: 1}),
		shorter(&pause{length: 1, id: 2}, &pause{length: 2, id: 1}), !shorter(&pause{length: 2, id: 1}, &pause{length: 1, id: 2}),
		shorter(&pause{length: 1, id: 1}, &pause{length: 1, id: 2}), !shorter(&pause{length: 1, id: 2}, &pause{length: 1, id: 1}),
		longer(&lifetime{1, 9, 2}, &lifetime{1, 8, 1}), !longer(&lifetime{1, 8, 1}, &lifetime{1, 9, 2}),
		longer(&lifetime{1, 9, 1}, &lifetime{2, 10, 2}), !longer(&lifetime{2, 10, 2}, &lifetime{1, 9, 1}),
	} {
		if !ok {
			t.Errorf("comparison %d", i)
		}
	}
}

// TestOverall: a detector finds things in one connection, or over many, or both.
func TestOverall(t *testing.T) {
	n := 0
	for i := range All {
		if All[i].survey != nil {
			n++
		}
		if All[i].Overall() && All[i].survey == nil {
			t.Errorf("%s finds nothing", All[i].ID)
		}
	}
	if n != len(surveys()) {
		t.Errorf("%d over many connections, %d have stories", n, len(surveys()))
	}
}

// surveyed deals connections out to parts and merges those.
func surveyed(list []*Input, parts int) []report.Finding {
	limits := Defaults() // a tenth of them, so that captures need not be large
	limits.Ports = func(netip.Addr) (low, high uint16) { return 32768, 32768 + 2822 }
	limits.values[TimeWaitCount] /= 10
	all := make([]*Survey, parts)
	for i := range all {
		all[i] = NewSurvey(limits)
	}
	var found []FragmentAttack
	for _, in := range list {
		if a, ok := attacks[in]; ok {
			found = append(found, a)
			continue
		}
		all[int(in.Conn.Client.Port)%parts].Add(in)
	}
	for _, s := range all[1:] {
		all[0].Merge(s)
	}
	all[0].AddFragments(found, uint64(len(found)/3))
	return all[0].Findings()
}

func toldOf(list []report.Finding, id string) string {
	var out []string
	for _, f := range list {
		if f.ID == id {
			out = append(out, fmt.Sprintf("%s %s %s", f.Severity, f.Confidence, f.Title))
		}
	}
	return strings.Join(out, "; ")
}

// TestSurveyFindings: what every finding of a group has to have.
func TestSurveyFindings(t *testing.T) {
	for id, list := range surveys() {
		for _, g := range list {
			for _, f := range surveyed(g.list, 3) {
				switch {
				case f.ID != id:
				case len(f.Frames) == 0, len(f.Connections) == 0 && id != "fragment-attack", f.ConnectionsTotal < len(f.Connections), len(f.Connections) > 1000:
					t.Errorf("%s, %s: %d frames, %d connections of %d", id, g.name, len(f.Frames), len(f.Connections), f.ConnectionsTotal)
				case f.Explanation == "", f.Disproof == "", f.Advice == "", len(f.Check) == 0, len(f.Refs) == 0, f.SeenBy == nil, len(f.Values) == 0, f.T.IsZero():
					t.Errorf("%s, %s: %+v", id, g.name, f)
				case !slices.IsSorted(f.Connections):
					t.Errorf("%s, %s: connections %v", id, g.name, f.Connections)
				}
			}
		}
	}
}

// TestThresholds: each has a reason and an owner, and can be set.
func TestThresholds(t *testing.T) {
	for i, x := range Thresholds {
		if x.Name == "" || x.Why == "" || len(x.Used) == 0 || x.Default <= 0 {
			t.Errorf("%+v", x)
		}
		for _, id := range x.Used {
			if _, ok := Lookup(id); !ok {
				t.Errorf("%s is used by %s, which does not exist", x.Name, id)
			}
		}
		l := Defaults()
		if err := l.Set(x.Name, l.Value(Limit(i))); err != nil || l.Get(Limit(i)) != x.Default {
			t.Errorf("%s: %s is %v, %v", x.Name, l.Value(Limit(i)), l.Get(Limit(i)), err)
		}
	}
	for _, wrong := range [][2]string{{"close-wait", "soon"}, {"close-wait", "-1s"}, {"time-wait", "many"}, {"port-share", "190%"}, {"port-share", "0"}, {"nothing", "1"}, {"syn-flood", "NaN"}, {"syn-flood", "Inf"}, {"repeats", "13"}, {"repeats", "1"}} {
		if err := Defaults().Set(wrong[0], wrong[1]); err == nil {
			t.Errorf("%s=%s is taken", wrong[0], wrong[1])
		}
	}
	l := Defaults()
	if err := l.Set("close-wait", "1s"); err != nil {
		t.Fatal(err)
	}
	s := NewSurvey(l)
	for _, in := range numbered(3, 1, func(int) *Input { return leaked(3000) }) {
		s.Add(in)
	}
	if toldOf(s.Findings(), "close-wait-leak") == "" {
		t.Error("a lower threshold changes nothing")
	}
	// Each threshold of single connections changes what is said of some story.
	for k := Repeats; k < limits; k++ {
		changed := map[string]bool{}
		for id, list := range examples() {
			for _, e := range list {
				before := fmt.Sprint(Run(e.in, nil))
				for _, v := range []float64{2, 12, 1e9} {
					l := *Defaults()
					l.values[k] = v
					e.in.Limits = &l
					if fmt.Sprint(Run(e.in, nil)) != before {
						changed[id] = true
					}
				}
				e.in.Limits = nil
			}
		}
		for _, id := range Thresholds[k].Used {
			if !changed[id] && !All[slices.IndexFunc(All, func(d Detector) bool { return d.ID == id })].Overall() {
				t.Errorf("%s does not decide %s", Thresholds[k].Name, id)
			}
		}
	}
}

// TestPortRange: the range of other systems shows by ports above that of Linux, and none
// below their own.
func TestPortRange(t *testing.T) {
	s := NewSurvey(Defaults())
	for _, c := range []struct {
		low, high uint16
		want      int
	}{{40000, 50000, 28232}, {50000, 60999, 28232}, {50000, 61000, 16384}, {49152, 65535, 16384}, {49151, 65535, 32768}, {1025, 50000, 59975}} {
		if got := s.ports(netip.Addr{}, &uses{low: c.low, high: c.high}); got != c.want {
			t.Errorf("ports %d to %d: of %d, want %d", c.low, c.high, got, c.want)
		}
	}
}

// TestCallers: of a client, and of clients that share a slot, the longest connection is
// remembered, whatever the order.
func TestCallers(t *testing.T) {
	short, long := lifetime{10, 20, 1}, lifetime{5, 40, 2}
	const far = 7 << 12 // in the same slot
	for _, order := range [][2]lifetime{{short, long}, {long, short}} {
		var whole, part callers
		whole.keep(3, order[0])
		part.keep(3+far, order[1])
		whole.merge(&part)
		want := uint64(3)
		if order[1] == long {
			want += far
		}
		if slot := whole.slot(3); slot.hash != want || slot.lifetime != long {
			t.Errorf("%+v", *slot)
		}
	}
}

// TestManyTwins: of very many connections on both sides of a NAT a share is remembered, the same
// in every part, and tells about how many there were.
func TestManyTwins(t *testing.T) {
	const n = 20_000
	for _, parts := range []int{1, 16} {
		all := make([]*Survey, parts)
		for i := range all {
			all[i] = NewSurvey(Defaults())
		}
		x := ordinary()
		for i := range 2 * n {
			a, b := uint32(i/2)*7919, uint32(i/2)*104729
			x.Conn.ID, x.Conn.Endpoints.Client.ISN, x.Conn.Endpoints.Server.ISN = uint64(i+1), &a, &b
			x.Conn.Client.IP = netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 2)})
			all[(i/2+i%2)%parts].addTwin(x)
		}
		for i, s := range all {
			if len(s.twins.list) > 2*maxTwins {
				t.Errorf("%d are remembered", len(s.twins.list))
			}
			if i > 0 {
				all[0].Merge(s)
			}
		}
		found := findTranslated(all[0])
		if len(found) != 1 || found[0].n < 2*n*8/10 || found[0].n > 2*n*12/10 || !strings.HasPrefix(found[0].title, "about ") {
			t.Errorf("%d parts: %+v", parts, found)
		}
	}
}

// TestTwinsMerge: what is merged is what both remember, up to the lower limit.
func TestTwinsMerge(t *testing.T) {
	below := func(limit uint64, hashes ...uint64) *twins {
		x := &twins{limit: limit}
		for _, h := range hashes {
			x.list = append(x.list, twin{hash: h})
		}
		return x
	}
	for i, c := range []struct {
		a, b  *twins
		limit uint64
		n     int
	}{
		{below(0, 1, 9), below(0, 2, 8), 0, 4},
		{below(0, 1, 9), below(5, 2, 4), 5, 3},
		{below(5, 1, 4), below(0, 2, 8), 5, 3},
		{below(5, 1, 4), below(3, 2), 3, 2},
		{below(3, 1), below(5, 2, 4), 3, 2},
	} {
		if c.a.merge(c.b); c.a.limit != c.limit || len(c.a.list) != c.n {
			t.Errorf("%d: limit %d, %d remembered", i, c.a.limit, len(c.a.list))
		}
	}
}
