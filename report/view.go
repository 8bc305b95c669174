package report

import (
	"net/netip"
	"strconv"
)

// String writes the address as 192.0.2.1:80 or [2001:db8::1]:80.
func (a Addr) String() string {
	if !a.IP.IsValid() {
		return "?:" + strconv.Itoa(int(a.Port))
	}
	return netip.AddrPortFrom(a.IP, a.Port).String()
}

// Peer is the other end.
func (s Side) Peer() Side {
	switch s {
	case Client:
		return Server
	case Server:
		return Client
	}
	return s
}

// Endpoint returns one end of the connection: the server's for Server, else the
// client's.
func (c *Connection) Endpoint(s Side) *Endpoint {
	if s == Server {
		return &c.Endpoints.Server
	}
	return &c.Endpoints.Client
}

// Assumed reports whether the state of that end rests on something that was
// sent to it but not proved to have arrived: what a reader has to see as a
// question mark.
func (c *Connection) Assumed(s Side) bool {
	e := c.Endpoint(s)
	if e.State != e.ConfirmedState {
		return true
	}
	for i := len(c.Transitions) - 1; i >= 0; i-- {
		if c.Transitions[i].Side == s {
			return c.Transitions[i].Basis == "assumed"
		}
	}
	return false
}
