package load

import (
	"errors"
	"fmt"
)

// Config says what to make. Shares are from 0 to 1.
type Config struct {
	Seed uint64

	// Connections is how many there are in all, and Packets about how many
	// packets they make: every story is told to its end.
	Connections int
	Packets     int
	// Rate is how many connections open in a second of the capture's clock,
	// and Concurrent about how many are under way at a time: together they say
	// how long a connection lasts, and Connections/Rate how long the capture.
	Rate       float64
	Concurrent int

	Snaplen int // octets of a frame at most

	V6         float64 // share of connections over IPv6
	Timestamps float64 // share of connections with TCP timestamps
	Payload    int     // mean octets of an answer; a request has a quarter
	Loss       float64 // share of data segments that are lost, or whose ACK is
	Keepalive  float64 // share of pauses in which keepalive probes are sent
	Reuse      float64 // share of connections whose four-tuple is used again soon
	MidStream  float64 // share of Concurrent that is open when the capture begins

	Orderly bool // every connection opens, and both its ends close
	Even    bool // every connection has the same share of Packets

	// Ended, if not nil, is told what became of each connection, those that
	// end only with the capture at its end. The Outcome is valid during the
	// call.
	Ended func(*Outcome) `json:"-"`
}

// Default returns a mixture in which everything occurs: 500,000 packets of
// 9,000 connections, 2,500 at a time, in ten minutes.
func Default() Config {
	return Config{
		Seed: 1, Connections: 9000, Packets: 500_000, Rate: 15, Concurrent: 2500, Snaplen: 256 << 10,
		V6: 0.25, Timestamps: 0.9, Payload: 4000, Loss: 0.005, Keepalive: 0.02, Reuse: 0.02, MidStream: 0.01,
	}
}

// maxConnections is how many four-tuples there are.
const maxConnections = clientHosts * clientPorts

var errShare = errors.New("a share is not from 0 to 1")

func (cfg *Config) check() error {
	for _, share := range []float64{cfg.V6, cfg.Timestamps, cfg.Loss, cfg.Keepalive, cfg.Reuse, cfg.MidStream} {
		if !(share >= 0 && share <= 1) {
			return errShare
		}
	}
	switch {
	case cfg.Connections < 1 || cfg.Connections > maxConnections:
		return fmt.Errorf("%d connections (1 to %d are possible)", cfg.Connections, maxConnections)
	case cfg.Packets < 1:
		return fmt.Errorf("%d packets", cfg.Packets)
	case cfg.Concurrent < 1:
		return fmt.Errorf("%d connections at a time", cfg.Concurrent)
	case !(cfg.Rate >= 1e-3 && cfg.Rate <= 1e8):
		return fmt.Errorf("%g connections a second", cfg.Rate)
	case cfg.Snaplen < minSnaplen:
		return fmt.Errorf("snaplen %d (at least %d)", cfg.Snaplen, minSnaplen)
	case cfg.Payload < 1 || cfg.Payload > 1<<24:
		return fmt.Errorf("%d octets of payload (1 to %d)", cfg.Payload, 1<<24)
	}
	return nil
}

// minSnaplen keeps the ports of every frame: shorter frames tell nothing.
const minSnaplen = 64
