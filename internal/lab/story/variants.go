package story

import "github.com/lastack/lastack/wire"

// core are the stories whose kinds every analyzer has to know; they are also
// told over IPv6, with sequence numbers that wrap around, with other delays.
var core = map[string]bool{
	"abort-linger-0": true, "accept-queue-overflow-recovers": true, "close-wait": true, "data-after-close": true,
	"final-ack-always-lost": true, "four-segment-close": true, "four-segment-close-by-server": true,
	"half-close": true, "half-open-data-reset": true, "handshake-ack-lost": true, "keepalive-answered": true,
	"keepalive-reset": true, "keepalive-unanswered": true, "lost-final-ack": true, "refused": true,
	"reuse-accepted-by-timestamp": true, "reuse-by-time-wait-holder": true, "reuse-refused": true,
	"simultaneous-close": true, "three-segment-close": true, "time-wait-assassination": true, "zero-window": true,
	"simultaneous-open": true, "fin-before-data": true, "data-lost-before-fin": true, "fin-with-data": true,
	"fin-lost-peer-closes": true, "half-open-syn": true, "handshake-ack-lost-data": true, "syn-ack-lost": true,
}

// both are the other stories that are also told over IPv6, because there they
// go through code of its own in the kernel.
var both = map[string]bool{
	"rejected-by-icmp": true, "icmp-port-unreachable": true, "icmp-when-established": true,
	"syn-cookies": true, "accept-queue-syn-cookies": true, "fast-open": true, "old-duplicate-syn": true,
	"loopback": true, "self-connection": true, "offload": true,
	"simultaneous-open-close-syn-lost": true, "syn-again-in-time-wait": true,
}

// overIPv6 tells a story over IPv6.
func overIPv6(s Story) Story {
	s.Name, s.Title, s.V6 = s.Name+"-v6", s.Title+" (IPv6)", true
	return s
}

// variants tells a core story three more times.
func variants(s Story) []Story {
	v6, wrap, slow := overIPv6(s), s, s
	wrap.Name, wrap.Title = s.Name+"-wrap", s.Title+" (the numbers of both wrap around)"
	wrap.ISN = [2]wire.Seq{0xffff_fffa, 0xffff_fff4}
	slow.Name, slow.Title, slow.Delay = s.Name+"-slow", s.Title+" (150 ms each way)", 150*ms
	if s.Delay == 0 {
		v6.Delay, wrap.Delay = 40*ms, 1*ms
	}
	return []Story{v6, wrap, slow}
}
