package detect

import (
	"time"

	"github.com/lastack/lastack/report"
)

// expect is what a finding has to be.
type expect struct {
	severity, confidence string
	side                 report.Side
	frames               []uint64
	values               map[string]any // some of them
}

// example is a story and what one detector has to say of it; nil: nothing.
type example struct {
	name string
	in   *Input
	want *expect
}

const (
	client = report.Client
	server = report.Server
)

// examples has, for each detector, stories in which it fires, and its nearest
// look-alikes, in which it is silent.
func examples() map[string][]example {
	all := map[string][]example{}
	for _, part := range []map[string][]example{openings(), closings(), resetsAndReuse(), livesAndCaptures()} {
		for id, list := range part {
			all[id] = list
		}
	}
	return all
}

func openings() map[string][]example {
	fastOpened := func(accepted string) *Input {
		return with(established(), func(in *Input) {
			in.Conn.Open.Kind = "fast-open"
			in.Conn.SYNData = &report.SYNData{Client: &report.SYNDataSide{Bytes: 100, Accepted: accepted}}
		})
	}
	both := func() *Input {
		return with(established(), func(in *Input) {
			in.Conn.Open.Kind = "simultaneous"
			in.SYN = [2]Sent{once(1, 0), once(2, 12)}
			in.SYNACK = once(3, 30)
		})
	}
	repeated := func(in *Input, copies int, t float64) *Input {
		in.Conn.Open.SYNRetransmits = copies
		in.SYN[0] = again(1, 0, 5, t, copies)
		in.Notes = append(in.Notes, note(SYNAgain, client, 5, t))
		in.Last[0] = m(5, t)
		in.ends(5, t)
		return in
	}
	slowSYN := func() *Input {
		in := repeated(established(), 1, 1000)
		in.SYNACK = once(6, 1021)
		return in
	}
	repeatedSYNACK := func(t float64) *Input {
		return with(established(), func(in *Input) {
			in.Conn.Open.SYNACKRetransmits = 1
			in.SYNACK = again(2, 20, 3, t, 1)
			in.Notes = []Note{note(SYNACKAgain, server, 3, t)}
		})
	}
	refused := func(kind, cause string) *Input {
		in := synSent()
		in.Conn.Open.Kind = kind
		in.aborted(server, "rst-ack", cause, 2, 55, 1, 0)
		return in
	}
	rejected := func(kind string, icmp, code uint8) *Input {
		in := synSent()
		in.Conn.Open.Kind = kind
		in.Conn.Rejected = &report.Rejected{ICMPType: icmp, ICMPCode: code, Frame: 2}
		in.step(client, "CLOSED", "rcv.ICMP", 2, 11, "assumed")
		in.ends(2, 11)
		return in
	}
	return map[string][]example{
		"simultaneous-open": {
			{"SYNs cross", both(), &expect{info, high, "", []uint64{1, 2, 3}, map[string]any{"syn_gap_s": 0.012}}},
			{"a socket connects to itself", with(established(), func(in *Input) { in.Conn.Server = in.Conn.Client }),
				&expect{notice, high, "", []uint64{1, 2}, nil}},
			{"an ordinary opening", established(), nil},
			{"a split handshake", with(both(), func(in *Input) { in.Conn.Open.Kind = "split" }), nil},
		},
		"fast-open": {
			{"data taken", fastOpened("all"), &expect{info, high, client, []uint64{1, 2}, map[string]any{"bytes": uint32(100), "accepted": "all"}}},
			{"data not taken", fastOpened("none"), &expect{info, high, client, []uint64{1, 2}, map[string]any{"accepted": "none"}}},
			{"a cookie without data", with(fastOpened(""), func(in *Input) { in.Conn.SYNData = nil }), &expect{info, high, client, []uint64{1, 2}, nil}},
			{"data after the handshake", established(), nil},
			{"data on a SYN that is refused", with(refused("refused", "refused"), func(in *Input) {
				in.Conn.SYNData = &report.SYNData{Client: &report.SYNDataSide{Bytes: 100, Accepted: "none"}}
			}), nil},
		},
		"syn-retransmitted": {
			{"the first SYN is lost", slowSYN(), &expect{notice, high, client, []uint64{1, 5, 6}, map[string]any{"syn_retransmits": 1, "delay_s": 1.0}}},
			{"the network repeats the SYN", repeated(established(), 1, 2), nil},
			{"the SYN comes again after the SYN,ACK", repeated(established(), 1, 1000), nil},
			{"nothing ever answers", repeated(synSent(), 1, 1000), nil},
			{"refused and tried again", with(repeated(refused("refused", "refused"), 1, 500), func(in *Input) {}), nil},
			{"refused by TIME-WAIT", with(slowSYN(), func(in *Input) {
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "ESTABLISHED"}}
			}), nil},
		},
		"syn-ack-retransmitted": {
			{"no ACK came", repeatedSYNACK(1020), &expect{notice, high, server, []uint64{1, 2, 3}, map[string]any{"delay_s": 1.0}}},
			{"nobody completes it", with(answered(), func(in *Input) {
				in.Conn.Open.SYNACKRetransmits = 1
				in.SYNACK = again(2, 20, 3, 1020, 1)
				in.Notes = []Note{note(SYNACKAgain, server, 3, 1020)}
			}), &expect{notice, high, server, []uint64{1, 2, 3}, nil}},
			{"two answers to a doubled SYN", repeatedSYNACK(20.1), nil},
			{"the ACK was captured and did not count", overflow(1, client), nil},
			{"the accept queue is full", overflow(2, server), nil},
			{"the SYN came again too", with(repeatedSYNACK(1020), func(in *Input) {
				in.Notes = append([]Note{note(SYNAgain, client, 5, 1000)}, in.Notes...)
			}), &expect{notice, high, server, []uint64{1, 2, 3}, nil}},
		},
		"handshake-ack-lost": {
			{"captured near the client, once", overflow(1, client), &expect{notice, medium, server, []uint64{1, 2, 3, 4}, map[string]any{"delay_s": 1.0}}},
			{"captured in the middle", overflow(1, "middle"), &expect{notice, low, server, []uint64{1, 2, 3, 4}, nil}},
			{"captured near the server: not taken", overflow(1, server), nil},
			{"twice: not taken", overflow(2, client), nil},
			{"the SYN,ACK again answers the SYN again", with(overflow(1, client), func(in *Input) {
				in.Notes[0].Time = ms(38)
				in.SYNACK = again(2, 20, 4, 38, 1)
			}), nil},
		},
		"accept-queue-overflow": {
			{"twice, near the server", overflow(2, server), &expect{warning, high, server, []uint64{1, 2, 3, 4, 5, 6},
				map[string]any{"syn_ack_retransmits": 2, "acks_not_taken": 2, "delay_s": 3.0}}},
			{"twice, near the client", overflow(2, client), &expect{warning, medium, server, []uint64{1, 2, 3, 4, 5, 6}, nil}},
			{"twice, and the server's tap has an ACK before", tapped(overflow(2, client), [2]Mark{m(3, 21), m(103, 26)}), &expect{warning, high, server, []uint64{1, 2, 4, 6, 103},
				map[string]any{"acks_not_taken": 1}}},
			{"twice, and the server's tap has an ACK after", tapped(overflow(2, client), [2]Mark{m(3, 21), m(103, 3050)}), &expect{warning, medium, server, []uint64{1, 2, 3, 4, 5, 6}, nil}},
			{"twice, and the server's tap has another ACK before", tapped(overflow(2, client), [2]Mark{m(90, 21), m(103, 26)}), &expect{warning, medium, server, []uint64{1, 2, 3, 4, 5, 6}, nil}},
			{"once, with data", with(overflow(1, client), func(in *Input) {
				in.Notes = append([]Note{note(DataAgain, client, 20, 600)}, in.Notes...)
			}), &expect{warning, medium, server, []uint64{1, 2, 3, 4, 20}, map[string]any{"data_retransmits": 1}}},
			{"once, near the server: TCP_DEFER_ACCEPT looks the same", overflow(1, server), &expect{notice, low, server, []uint64{1, 2, 3, 4}, nil}},
			{"the ACK draws a RST", refusedACK(), &expect{notice, low, server, []uint64{1, 2, 3, 4}, nil}},
			{"once, near the client", overflow(1, client), nil},
			{"no ACK was captured", repeatedSYNACK(1020), nil},
			{"a RST long after the handshake", with(overflow(0, client), func(in *Input) {
				in.refute(server, "rcv.ACK-of-SYN", "answered-by-reset", 3, 4)
				in.aborted(server, "rst", "no-such-connection", 4, 9000, 3, 0)
			}), nil},
		},
		"connection-refused": {
			{"RST,ACK to the SYN", refused("refused", "refused"), &expect{notice, high, server, []uint64{1, 2}, map[string]any{"delay_s": 0.055, "tries": 1}}},
			{"aborted after the handshake", with(established(), func(in *Input) { in.aborted(server, "rst-ack", "abort", 8, 100, 0, 0) }), nil},
			{"rejected by ICMP", rejected("rejected", 3, 3), nil},
		},
		"connection-rejected": {
			{"port unreachable", rejected("rejected", 3, 3), &expect{notice, high, client, []uint64{1, 2}, map[string]any{"icmp_code": 3, "delay_s": 0.011}}},
			{"an ICMP error that the client ignored", rejected("three-way", 3, 1), nil},
			{"and something came later", with(rejected("rejected", 3, 3), func(in *Input) { in.ends(3, 500) }),
				&expect{notice, high, client, []uint64{1, 2}, map[string]any{"delay_s": 0.011}}},
			{"at a time that is not known", with(rejected("rejected", 3, 3), func(in *Input) {
				in.Conn.Transitions = in.Conn.Transitions[:1]
				in.ends(3, 500)
			}), &expect{notice, high, client, []uint64{1, 2}, map[string]any{"delay_s": 0.5}}},
			{"a RST", refused("refused", "refused"), nil},
		},
		"connection-unanswered": {
			{"three SYNs", repeated(synSent(), 2, 3000), &expect{warning, high, server, []uint64{1, 5}, map[string]any{"tries": 3, "trying_s": 3.0}}},
			{"one SYN and a long silence", synSent().until(5000), &expect{notice, medium, server, []uint64{1}, map[string]any{"tries": 1, "waited_s": 5.0}}},
			{"one SYN at the end of the capture", synSent().until(500), nil},
			{"refused", refused("refused", "refused"), nil},
			{"refused by TIME-WAIT", with(repeated(synSent(), 2, 3000), func(in *Input) {
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "TIME-WAIT"}}
			}), nil},
		},
	}
}

func closings() map[string][]example {
	inCloseWait := func(until float64) *Input { return halfClosed().until(until) }
	late := func(in *Input) *Input {
		in.reset(client, "rst", "no-such-connection", "void", 14, 460, 13, 0)
		return in
	}
	lateServer := func(in *Input) *Input {
		in.reset(server, "rst", "time-wait-assassination", "closed", 14, 460, 13, 0)
		return in
	}
	return map[string][]example{
		"three-segment-close": {
			{"the FIN carries the ACK", threeSegments(), &expect{info, high, server, []uint64{8, 9, 10},
				map[string]any{"close_wait_s": 0.021, "fin_gap_s": 0.021}}},
			{"four segments", ordinary(), nil},
			{"FINs cross", crossed(), nil},
			{"ended by a RST", with(threeSegments(), func(in *Input) { in.Conn.Close.Kind = "reset" }), nil},
		},
		"simultaneous-close": {
			{"FINs cross", crossed(), &expect{info, high, "", []uint64{8, 9, 10, 11}, map[string]any{"fin_gap_s": 0.01}}},
			{"three segments", threeSegments(), nil},
			{"four segments", ordinary(), nil},
		},
		"lost-final-ack": {
			{"the FIN comes again after its ACK", finalACKLost(), &expect{notice, high, server, []uint64{10, 11, 12, 13},
				map[string]any{"lost": 1, "gap_s": 0.23, "fin_retransmits": 1}}},
			{"twice", with(finalACKLost(), func(in *Input) {
				in.FIN[1], in.FINAcked[1] = again(10, 200, 14, 830, 2), again(11, 200, 15, 830, 0)
				in.Notes = append(in.Notes, note(FINAgain, server, 14, 830))
				in.refute(server, "rcv.ACK-of-FIN", "fin-retransmitted", 13, 14)
			}), &expect{notice, high, server, []uint64{10, 11, 12, 13, 14, 15}, map[string]any{"lost": 2, "gap_s": 0.63}}},
			{"an ordinary close", ordinary(), nil},
			{"the first closer's FIN comes again", finLost(), nil},
			{"the ACK was late: a RST answers the second", lateServer(finalACKLost()), nil},
		},
		"final-ack-unseen": {
			{"the FIN is not repeated for long", lastACK().until(3000), &expect{info, medium, server, []uint64{10}, map[string]any{"silence_s": 2.8}}},
			{"repeated once, then not for long", stuck(lastACK(), server, 1, 9000), &expect{notice, low, server, []uint64{10, 20}, nil}},
			{"the capture ends at the FIN", lastACK().until(300), nil},
			{"acknowledged", ordinary().until(3000), nil},
			{"one direction captured", with(lastACK().until(3000), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
			{"a late RST", with(lastACK(), func(in *Input) {
				in.reset(client, "rst", "unknown", "closed", 11, 200, 10, 0)
				in.until(3000)
			}), nil},
			{"stuck", stuck(lastACK(), server, 3, 20000), nil},
			{"repeated twice, and as long again", stuck(lastACK(), server, 2, 5000), nil},
			{"repeated twice, then not for long", stuck(lastACK(), server, 2, 6000), &expect{notice, low, server, []uint64{10, 20, 21}, nil}},
			{"ended by a RST", with(lastACK(), func(in *Input) {
				in.aborted(client, "rst", "after-close", 11, 200, 10, 0)
				in.until(3000)
			}), nil},
		},
		"fin-retransmitted": {
			{"the FIN was lost", finLost(), &expect{notice, high, client, []uint64{8, 9, 10}, map[string]any{"fin_retransmits": 1, "delay_s": 0.05}}},
			{"the network repeats it", with(finLost(), func(in *Input) {
				in.FIN[0], in.Notes[0].Time, in.Conn.Refuted = again(8, 100, 9, 104, 1), ms(104), nil
			}), &expect{info, high, client, []uint64{8, 9, 10}, nil}},
			{"the ACK was late", lateServer(finalACKLost()), &expect{info, high, server, []uint64{10, 11, 12, 14}, nil}},
			{"a copy comes out of TIME-WAIT", with(finLost(), func(in *Input) {
				in.FIN[0], in.Notes[0].Time, in.Conn.Refuted = again(8, 100, 9, 600, 1), ms(600), nil
			}), &expect{info, high, client, []uint64{8, 9, 10}, nil}},
			{"the final ACK was lost", finalACKLost(), nil},
			{"stuck in FIN-WAIT-1", stuck(closing(), client, 3, 4000), nil},
			{"an ordinary close", late(ordinary()), nil},
		},
		"half-close": {
			{"the server sends on", dataAfterFIN(), &expect{info, high, server, []uint64{8, 9, 10, 60}, map[string]any{"bytes": uint64(100000), "duration_s": 0.5}}},
			{"data that draws a RST", dataToClosed(), nil},
			{"data with the FIN", with(ordinary(), func(in *Input) {
				in.Conn.HalfClose = &report.HalfClose{By: client, Bytes: 500}
				in.HalfClose = once(10, 200)
			}), nil},
			{"nothing after the FIN", ordinary(), nil},
		},
		"half-close-data-lost": {
			{"data to a closed socket", dataToClosed(), &expect{warning, high, server, []uint64{8, 9, 10, 11},
				map[string]any{"answered_bytes": uint64(900), "after_fin_s": 0.071}}},
			{"data and a FIN to a closed socket, the RST answers the FIN", with(lastACK(), func(in *Input) {
				in.Conn.HalfClose = &report.HalfClose{By: client, Bytes: 700}
				in.HalfClose = once(19, 150)
				in.aborted(client, "rst", "after-close", 21, 200, 10, 0)
			}), &expect{warning, high, server, []uint64{8, 9, 10, 19, 21}, map[string]any{"answered_bytes": uint64(700)}}},
			{"a last word", with(dataToClosed(), func(in *Input) {
				in.Conn.HalfClose.Bytes, in.Resets[0].Octets = 15, 15
			}), &expect{notice, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(15)}}},
			{"a few octets, much later", with(dataToClosed(), func(in *Input) {
				in.Conn.HalfClose.Bytes, in.Resets[0].Octets = 15, 15
				in.Conn.Resets[0].Frame, in.Resets[0].Time = 11, ms(900)
			}), &expect{warning, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(15)}}},
			{"session tickets to a client that asked nothing", with(dataToClosed(), func(in *Input) { in.Resets[0].Unasked = true }),
				&expect{notice, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(900)}}},
			{"more than tickets are", with(dataToClosed(), func(in *Input) {
				in.Resets[0].Unasked, in.Resets[0].Octets = true, 4097
			}), &expect{warning, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(4097)}}},
			{"a TLS alert to a closed socket", with(lastACK(), func(in *Input) {
				in.Conn.HalfClose = &report.HalfClose{By: client, Bytes: 31}
				in.HalfClose, in.OnlyAlert = once(19, 150), true
				in.aborted(client, "rst", "after-close", 21, 200, 10, 0)
			}), &expect{notice, high, server, []uint64{8, 9, 10, 19, 21}, map[string]any{"answered_bytes": uint64(31)}}},
			{"an alert, and data that crossed the FIN", with(dataToClosed(), func(in *Input) { in.OnlyAlert, in.Conn.HalfClose = true, nil }), &expect{warning, high, server, []uint64{8, 9, 10, 11},
				map[string]any{"answered_bytes": uint64(900)}}},
			{"an alert, and more data that crossed the FIN", with(dataToClosed(), func(in *Input) {
				in.OnlyAlert, in.Conn.HalfClose.Bytes = true, 31
			}), &expect{warning, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(900)}}},
			{"an alert of the end that had closed", with(dataToClosed(), func(in *Input) {
				in.OnlyAlert, in.Conn.HalfClose.By = true, server
			}), &expect{warning, high, server, []uint64{8, 9, 10, 11}, map[string]any{"answered_bytes": uint64(900)}}},
			{"data that was acknowledged, then a FIN to a closed socket", with(lastACK(), func(in *Input) {
				in.Conn.HalfClose = &report.HalfClose{By: client, Bytes: 700}
				in.HalfClose = once(19, 150)
				in.aborted(client, "rst", "after-close", 21, 200, 10, 0)
				in.Resets[0].Idle = 20 * time.Millisecond
			}), nil},
			{"a FIN to a closed socket", with(lastACK(), func(in *Input) { in.aborted(client, "rst", "after-close", 11, 200, 10, 0) }), nil},
			{"aborted out of FIN-WAIT-2", with(halfClosed(), func(in *Input) { in.aborted(client, "rst-ack", "after-close", 10, 300, 0, 0) }), nil},
			{"the server sends on", dataAfterFIN(), nil},
		},
		"close-wait": {
			{"for ten seconds", inCloseWait(10100), &expect{notice, high, server, []uint64{8, 9}, map[string]any{"close_wait_s": 10.0}}},
			{"for a moment", inCloseWait(200), &expect{info, high, server, []uint64{8, 9}, map[string]any{"close_wait_s": 0.1}}},
			{"closed in the end", lastACK().until(10000), nil},
			{"the FIN is not acknowledged", with(closing(), func(in *Input) {
				in.step(server, "CLOSE-WAIT", "rcv.FIN", 8, 100, "assumed")
				in.until(10000)
			}), nil},
		},
		"fin-wait-1-stuck": {
			{"three repetitions", stuck(closing(), client, 3, 4000), &expect{warning, high, client, []uint64{6, 8, 20, 21, 22},
				map[string]any{"fin_retransmits": 3, "retransmitting_s": 2.9, "age_s": 3.9}}},
			{"a minute, and sent again of late", with(closing().until(60100), func(in *Input) {
				in.FIN[0] = again(8, 100, 30, 40_000, 2)
				in.Notes = []Note{{Kind: FINAgain, Side: client, Frame: 29, Time: ms(20_000)}, {Kind: FINAgain, Side: client, Frame: 30, Time: ms(40_000)}}
			}), &expect{warning, high, client, []uint64{6, 8, 29, 30}, map[string]any{"age_s": 60.0}}},
			{"a minute, and not sent again", closing().until(60100), nil},
			{"a minute, and not sent again any more", with(closing().until(60100), func(in *Input) { in.FIN[0] = again(8, 100, 9, 300, 1) }), nil},
			{"two repetitions", stuck(closing(), client, 2, 4000), nil},
			{"acknowledged", halfClosed().until(61000), nil},
			{"one direction captured", with(stuck(closing(), client, 3, 4000), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
		},
		"fin-wait-2-stuck": {
			{"a minute", halfClosed().until(61000), &expect{notice, high, client, []uint64{8, 9}, map[string]any{"age_s": 60.879}}},
			{"not yet", halfClosed().until(50000), nil},
			{"the peer closed", ordinary().until(61000), nil},
			{"FIN-WAIT-1", closing().until(61000), nil},
		},
		"last-ack-stuck": {
			{"three repetitions", stuck(lastACK(), server, 3, 4000), &expect{notice, high, server, []uint64{8, 10, 20, 21, 22},
				map[string]any{"fin_retransmits": 3, "retransmitting_s": 2.8}}},
			{"every ACK was captured and lost", finalACKLost(), nil},
			{"one repetition", stuck(lastACK(), server, 1, 4000), nil},
			{"FIN-WAIT-1", stuck(closing(), client, 3, 4000), nil},
		},
	}
}

func resetsAndReuse() map[string][]example {
	afterBoth := func() *Input {
		return with(ordinary(), func(in *Input) { in.reset(server, "rst", "after-close", "closed", 12, 400, 11, 0) })
	}
	halfOpen := func() *Input {
		return with(established(), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 9, 500, 8, 13) })
	}
	aborted := func() *Input {
		return with(established(), func(in *Input) { in.aborted(client, "rst-ack", "abort", 8, 145, 0, 0) })
	}
	injected := func(effect string, signs Sign) *Input {
		return with(established(), func(in *Input) {
			in.reset(server, "rst-ack", "injected", effect, 8, 100, 0, 0)
			in.Resets[0].Signs = signs
			in.refute(server, "snd.RST", "sent-after-its-reset", 8, 9)
		})
	}
	assassinated := func(effect string) *Input {
		return with(ordinary(), func(in *Input) {
			in.reset(server, "rst", "time-wait-assassination", effect, 12, 700, 0, 0)
			if effect == "closed" {
				in.step(client, "CLOSED", "rcv.RST", 12, 700, "assumed")
			}
		})
	}
	unwanted := func() *Input {
		return with(answered(), func(in *Input) { in.aborted(client, "rst", "no-such-connection", 3, 20, 2, 0) })
	}
	refusedReuse := func() *Input {
		return with(reused("reset"), func(in *Input) {
			in.SYN[0] = again(91, 0, 94, 30, 1)
			in.SYNACK = once(95, 50)
			in.Challenges = []Challenge{{ACK: m(92, 20), RST: m(93, 20), State: "TIME-WAIT"}}
		})
	}
	lateSYN := func(t float64) *Input {
		return with(ordinary(), func(in *Input) {
			in.Conn.Open.SYNRetransmits = 1
			in.Notes = []Note{note(SYNAgain, client, 12, t)}
		})
	}
	old := func(octets uint32, fits bool) *Input {
		n := note(OldDuplicate, client, 17, 300)
		n.Value, n.Fits = octets, fits
		return with(reused("timestamp"), func(in *Input) { in.Notes = []Note{n} })
	}
	return map[string][]example{
		"reset-abort": {
			{"RST,ACK in answer to nothing", aborted(), &expect{notice, high, client, []uint64{8}, map[string]any{"open_s": 0.145}}},
			{"out of CLOSE-WAIT", with(halfClosed(), func(in *Input) { in.aborted(server, "rst-ack", "abort", 10, 296, 0, 0) }),
				&expect{notice, high, server, []uint64{8, 10}, nil}},
			{"after its own FIN", with(halfClosed(), func(in *Input) { in.aborted(client, "rst-ack", "after-close", 10, 285, 0, 0) }), nil},
			{"in answer to data", halfOpen(), nil},
			{"a SYN,ACK that nobody wanted", with(unwanted(), func(in *Input) { in.Conn.Close.Reset.Cause, in.Conn.Resets[0].Cause = "abort", "abort" }), nil},
		},
		"reset-no-such-connection": {
			{"data draws it", halfOpen(), &expect{warning, high, server, []uint64{8, 9}, map[string]any{"lost_bytes": uint32(13)}}},
			{"from an end that may have closed before the capture", unheardOf(0, 1), &expect{notice, low, server, []uint64{8, 9}, nil}},
			{"from one that had sent data since", unheardOf(10, 0), &expect{warning, high, server, []uint64{8, 9}, nil}},
			{"from one that had probed since", unheardOf(0, 2), &expect{warning, high, server, []uint64{8, 9}, nil}},
			{"a challenge draws it", with(established(), func(in *Input) { in.aborted(client, "rst", "challenge", 10, 491, 9, 0) }),
				&expect{warning, high, client, []uint64{9, 10}, nil}},
			{"a SYN,ACK draws it", unwanted(), &expect{notice, high, client, []uint64{1, 2, 3}, map[string]any{"delay_s": 0.02}}},
			{"a challenge draws it, to a RST of its own", with(established(), func(in *Input) {
				in.reset(client, "rst-ack", "abort", "challenged", 8, 400, 0, 0)
				in.aborted(client, "rst", "challenge", 10, 491, 9, 0)
			}), &expect{notice, high, client, []uint64{8, 9, 10}, nil}},
			{"its first RST was not taken", with(established(), func(in *Input) {
				in.reset(server, "rst-ack", "abort", "challenged", 7, 90, 0, 0)
				in.aborted(server, "rst", "no-such-connection", 9, 500, 8, 13)
			}), &expect{notice, high, server, []uint64{7, 8, 9}, nil}},
			{"aborted", aborted(), nil},
			{"a keepalive probe draws it", with(probed(2, 1), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 11, 2080, 10, 0) }), nil},
			{"a challenge in TIME-WAIT", with(ordinary(), func(in *Input) { in.reset(server, "rst", "challenge", "closed", 13, 460, 12, 0) }), nil},
		},
		"time-wait-missing": {
			{"the FIN again drew a RST", with(finalACKLost(), func(in *Input) { in.reset(client, "rst", "no-such-connection", "closed", 13, 430, 12, 0) }),
				&expect{notice, high, client, []uint64{10, 11, 12, 13}, map[string]any{"after_s": 0.23}}},
			{"after 2MSL", with(finalACKLost(), func(in *Input) { in.reset(client, "rst", "no-such-connection", "closed", 13, 61_000, 12, 0) }), nil},
			{"acknowledged again", finalACKLost(), nil},
			{"a RST had ended it", with(finalACKLost(), func(in *Input) {
				in.reset(server, "rst", "", "closed", 12, 300, 11, 0)
				in.reset(client, "rst", "no-such-connection", "closed", 13, 430, 12, 0)
			}), nil},
			{"by the end that closed last", with(finLost(), func(in *Input) { in.reset(server, "rst", "", "void", 13, 430, 9, 0) }), nil},
			{"the first FIN drew it", with(lastACK(), func(in *Input) { in.aborted(client, "rst", "after-close", 11, 200, 10, 0) }), nil},
		},
		"reset-after-close": {
			{"in answer to the FIN", with(lastACK(), func(in *Input) { in.aborted(client, "rst", "after-close", 11, 200, 10, 0) }),
				&expect{notice, high, client, []uint64{8, 10, 11}, map[string]any{"after_fin_s": 0.1}}},
			{"in answer to nothing", with(halfClosed(), func(in *Input) { in.aborted(client, "rst-ack", "after-close", 10, 285, 0, 0) }),
				&expect{notice, high, client, []uint64{8, 10}, nil}},
			{"when all was over", afterBoth(), &expect{info, high, server, []uint64{10, 11, 12}, nil}},
			{"in answer to data", dataToClosed(), nil},
			{"without a FIN", aborted(), nil},
		},
		"reset-injected": {
			{"its sender went on", injected("closed", SignTTL|SignContradicted), &expect{warning, medium, client, []uint64{8, 9}, map[string]any{"resets": 1}}},
			{"aborted", aborted(), nil},
			{"to an end that was closed", injected("void", SignTTL|SignBehind), nil},
		},
		"time-wait-assassination": {
			{"a RST in TIME-WAIT", assassinated("closed"), &expect{notice, medium, client, []uint64{10, 12}, map[string]any{"age_s": 0.5, "early_s": 59.5}}},
			{"ignored", assassinated("ignored"), nil},
			{"a RST when LAST-ACK was over", afterBoth(), nil},
		},
		"incarnation-reuse": {
			{"by a newer timestamp", reused("timestamp"), &expect{notice, high, server, []uint64{90, 91, 92},
				map[string]any{"age_s": 1.5, "accepted_by": "timestamp", "previous": uint64(77)}}},
			{"TIME-WAIT was gone", reused("expired"), &expect{notice, medium, server, []uint64{90, 91, 92}, nil}},
			{"the first connection on these ports", established(), nil},
			{"refused at first", refusedReuse(), nil},
			{"unsafe", with(reused("sequence"), func(in *Input) { in.ReuseUnsafe = true }), nil},
		},
		"incarnation-reuse-refused": {
			{"accepted later", refusedReuse(), &expect{notice, high, server, []uint64{90, 91, 92, 93, 94, 95},
				map[string]any{"delay_s": 0.05, "refusals": 1, "age_s": 1.5}}},
			{"never accepted", with(synSent(), func(in *Input) {
				in.SYN[0] = again(1, 0, 4, 30, 1)
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "TIME-WAIT"}}
			}), &expect{warning, high, server, []uint64{1, 2, 3, 4}, map[string]any{"refusals": 1}}},
			{"the capture ends before it comes again", with(synSent(), func(in *Input) {
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "TIME-WAIT"}}
				in.until(800)
			}), &expect{notice, high, server, []uint64{1, 2, 3}, nil}},
			{"it did not come again", with(synSent(), func(in *Input) {
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "TIME-WAIT"}}
				in.until(8000)
			}), &expect{warning, high, server, []uint64{1, 2, 3}, nil}},
			{"accepted at once", reused("timestamp"), nil},
			{"refused by an established connection", with(established(), func(in *Input) {
				in.Challenges = []Challenge{{ACK: m(2, 20), RST: m(3, 20), State: "ESTABLISHED"}}
			}), nil},
		},
		"incarnation-reuse-unsafe": {
			{"numbers of the old connection", with(reused("expired"), func(in *Input) {
				in.ReuseUnsafe = true
				in.Conn.Reuse.ISNDelta = -1000
			}), &expect{warning, high, server, []uint64{90, 91, 92}, map[string]any{"isn_delta": int64(-1000)}}},
			{"a higher number", reused("sequence"), nil},
			{"unsafe numbers, but no TIME-WAIT", with(established(), func(in *Input) { in.ReuseUnsafe = true }), nil},
		},
		"old-duplicate": {
			{"a SYN of an open connection", lateSYN(700), &expect{notice, high, client, []uint64{1, 12}, map[string]any{"age_s": 0.7}}},
			{"data outside the window", old(300, false), &expect{notice, medium, client, []uint64{17}, map[string]any{"bytes": uint64(300), "fits": false}}},
			{"data that fits", old(300, true), &expect{warning, medium, client, []uint64{17}, map[string]any{"fits": true}}},
			{"a SYN that crosses its SYN,ACK", lateSYN(30), nil},
			{"an ACK in old numbers", old(0, false), nil},
			{"the new connection itself", reused("timestamp"), nil},
		},
	}
}

func livesAndCaptures() map[string][]example {
	gaveUp := func() *Input {
		return with(probed(3, 0), func(in *Input) { in.aborted(client, "rst-ack", "keepalive", 11, 4060, 0, 0) })
	}
	answeredByRST := func() *Input {
		return with(probed(2, 1), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 11, 2080, 10, 0) })
	}
	doubled := func(copies uint64) *Input {
		return with(ordinary(), func(in *Input) {
			in.Copies, in.Copied = copies, again(2, 0.1, 21, 200, 0)
		})
	}
	twice := func(clients, servers uint32) *Input {
		return with(ordinary(), func(in *Input) {
			in.Copies = uint64(clients + servers)
			in.Copied = again(2, 0.1, 21, 200, 0)
			in.Taps = &Taps{Copies: [2]uint32{clients, servers}, Delay: [2]time.Duration{10 * time.Millisecond, 10 * time.Millisecond}, Frame: [2]uint64{2, 3}}
		})
	}
	missing := func(n uint64) *Input {
		return with(ordinary(), func(in *Input) {
			in.Conn.Vantage.MissingBytes.Client = n
			in.Unseen[0] = m(6, 60)
		})
	}
	oneWay := func() *Input {
		return with(established(), func(in *Input) {
			in.Conn.Vantage.OneWay = true
			in.Conn.Endpoints.Server = report.Endpoint{State: "ESTABLISHED"}
		})
	}
	return map[string][]example{
		"keepalive-alive": {
			{"all answered", probed(3, 3), &expect{info, high, client, []uint64{8, 9, 10, 12, 13},
				map[string]any{"probes": uint64(3), "replies": uint64(3), "interval_s": 1.0, "idle_s": 1.0}}},
			{"the last is not answered yet", probed(2, 1), &expect{info, high, client, []uint64{8, 9, 10}, nil}},
			{"answered, then aborted", with(probed(3, 3), func(in *Input) { in.aborted(client, "rst-ack", "abort", 14, 3300, 0, 0) }),
				&expect{info, high, client, []uint64{8, 9, 10, 12, 13}, nil}},
			{"none answered", probed(3, 0), nil},
			{"answered with a RST", answeredByRST(), nil},
			{"window probes", stalled(2000), nil},
			{"idle", established().until(60000), nil},
		},
		"keepalive-unanswered": {
			{"given up", gaveUp(), &expect{warning, high, client, []uint64{6, 8, 9, 10, 11}, map[string]any{"probes": 3, "interval_s": 1.0, "gave_up_after_s": 3.0}}},
			{"not given up", probed(3, 0), &expect{warning, high, client, []uint64{6, 8, 9, 10}, map[string]any{"probes": 3}}},
			{"one probe", probed(1, 0), nil},
			{"all answered", probed(3, 3), nil},
			{"answered with a RST", answeredByRST(), nil},
			{"the peer speaks later", with(probed(3, 0), func(in *Input) { in.Last[1] = m(20, 5000) }), nil},
			{"the peer answers, then speaks, then is silent for one probe", with(probed(3, 1), func(in *Input) { in.Last[1] = m(20, 2500) }), nil},
			{"one direction captured", with(probed(3, 0), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
		},
		"keepalive-reset": {
			{"a RST answers a probe", answeredByRST(), &expect{warning, high, server, []uint64{9, 10, 11}, map[string]any{"probes": uint64(2), "replies": uint64(1)}}},
			{"a RST answers data", with(probed(2, 2), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 13, 2600, 12, 5) }), nil},
			{"the prober gives up", gaveUp(), nil},
		},
		"zero-window-stall": {
			{"for two seconds", stalled(2000), &expect{notice, high, server, []uint64{8, 9, 10}, map[string]any{"longest_s": 2.0, "opened": true, "stalls": 1}}},
			{"for good", stalled(0), &expect{notice, high, server, []uint64{8, 9}, map[string]any{"longest_s": 4.9, "opened": false}}},
			{"for good, and the last probes draw no answer", with(stalled(0), func(in *Input) {
				in.Last[1] = m(8, 100)
				in.Notes = append(in.Notes, note(WindowProbe, client, 10, 900), note(WindowProbe, client, 11, 2100), note(WindowProbe, client, 12, 4500))
			}), &expect{warning, high, server, []uint64{8, 9, 10, 11, 12}, map[string]any{"opened": false}}},
			{"for good, and the last but two draw an answer", with(stalled(0), func(in *Input) {
				in.Last[1] = m(13, 2200)
				in.Notes = append(in.Notes, note(WindowProbe, client, 10, 900), note(WindowProbe, client, 11, 2100), note(WindowProbe, client, 12, 4500))
			}), &expect{notice, high, server, []uint64{8, 9, 10, 11, 12}, nil}},
			{"it opened, and the last probes drew no answer", with(stalled(2000), func(in *Input) {
				in.Last[1] = m(8, 100)
				in.Notes = append(in.Notes, note(WindowProbe, client, 11, 2300), note(WindowProbe, client, 12, 2500), note(WindowProbe, client, 13, 4500))
			}), &expect{notice, high, server, []uint64{8, 9, 10, 11, 12, 13}, nil}},
			{"until a RST", with(stalled(0), func(in *Input) {
				in.aborted(client, "rst-ack", "abort", 11, 5000, 0, 0)
				in.until(60_000)
			}), &expect{notice, high, server, []uint64{8, 9}, map[string]any{"longest_s": 4.9, "opened": false}}},
			{"for good, and the capture goes on", stalled(0).until(60_000), &expect{notice, high, server, []uint64{8, 9}, map[string]any{"longest_s": 59.9}}},
			{"one direction captured", with(stalled(2000), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
			{"opened before it closes", with(stalled(2000), func(in *Input) {
				in.Notes = append([]Note{note(WindowOpened, server, 7, 60)}, in.Notes...)
			}), &expect{notice, high, server, []uint64{8, 9, 10}, map[string]any{"longest_s": 2.0, "stalls": 1}}},
			{"for half a second", stalled(500), nil},
			{"keepalive probes", probed(3, 3), nil},
		},
		"dead-peer": {
			{"the way back is broken", deaf(300, 700, 1500, 3100, 6300), &expect{warning, high, client, []uint64{9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
				map[string]any{"repeats": 5, "repeating_s": 6.0, "silence_s": 6.005}}},
			{"for a short time", deaf(300, 700, 1500), &expect{notice, high, client, []uint64{9, 10, 11, 12, 13, 14}, nil}},
			{"twice", deaf(300, 700), nil},
			{"it acknowledged something in between", with(deaf(300, 700, 1500, 3100), func(in *Input) { in.Notes[4].Value = 300 }), nil},
			{"it heard something at last", with(deaf(300, 700, 1500, 3100), func(in *Input) { in.Last[0] = m(17, 3200) }), nil},
			{"a RST ended it", with(deaf(300, 700, 1500, 3100), func(in *Input) { in.aborted(client, "rst-ack", "abort", 17, 3200, 0, 0) }), nil},
			{"the FIN is told of", with(deaf(300, 700, 1500, 3100), func(in *Input) { in.FIN[1] = once(10, 305) }), nil},
			{"five repetitions", repeating(260, 660, 1460, 3060, 6260),
				&expect{warning, high, server, []uint64{6, 9, 10, 11, 12, 13}, map[string]any{"repeats": 5, "silence_s": 6.2, "repeating_s": 6.0}}},
			{"three, and the capture ends", repeating(260, 660, 1460), &expect{notice, high, server, []uint64{6, 9, 10, 11}, map[string]any{"repeats": 3}}},
			{"three, and a long silence", repeating(260, 660, 1460).until(20_000), &expect{warning, high, server, []uint64{6, 9, 10, 11}, nil}},
			{"given up with a RST", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.aborted(client, "rst-ack", "abort", 14, 9000, 0, 0) }),
				&expect{warning, high, server, []uint64{6, 9, 10, 11, 12, 13, 14}, nil}},
			{"nothing of the peer was captured", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.Last[1] = Mark{} }),
				&expect{warning, high, server, []uint64{9, 10, 11, 12, 13}, map[string]any{"silence_s": 6.26}}},
			{"octets missing", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.Conn.Vantage.MissingBytes.Client = 5 }),
				&expect{warning, medium, server, []uint64{6, 9, 10, 11, 12, 13}, nil}},
			{"one octet at even gaps: keepalives of which nothing else was captured", with(repeating(1000, 2000, 3000, 4000, 5000), func(in *Input) {
				for i := range in.Notes {
					in.Notes[i].Value = 1
				}
			}), nil},
			{"one octet at gaps that grow", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) {
				for i := range in.Notes {
					in.Notes[i].Value = 1
				}
			}), &expect{warning, high, server, []uint64{6, 9, 10, 11, 12, 13}, nil}},
			{"two repetitions", repeating(260, 660), nil},
			{"the network repeats them", repeating(62.1, 62.2, 62.3, 62.4), nil},
			{"the peer speaks later", healed(6000, 260, 660, 1460, 3060), nil},
			{"answered with a RST", with(repeating(260, 660, 1460), func(in *Input) {
				in.aborted(server, "rst", "no-such-connection", 12, 1480, 11, 50)
				in.Last[1] = m(12, 1480)
			}), nil},
			{"one direction captured", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
			{"it has closed", with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.FIN[0] = once(8, 62) }), nil},
			{"keepalive probes", probed(3, 0), nil},
		},
		"outage-recovered": {
			{"for six seconds", healed(6060, 260, 660, 1460, 3060),
				&expect{notice, high, server, []uint64{9, 10, 11, 12, 13}, map[string]any{"silence_s": 6.0, "outages": 1}}},
			{"twice", with(healed(6060, 260, 660, 1460, 3060), func(in *Input) {
				n := note(Answered, server, 30, 20_000)
				n.Value = 2000
				in.Notes = append(in.Notes, n)
			}), &expect{notice, high, server, []uint64{9, 10, 11, 12, 13}, map[string]any{"outages": 2}}},
			{"for half a second", healed(560, 200, 300, 400), nil},
			{"whatever was sent again", with(established(), func(in *Input) {
				n := note(Answered, server, 30, 6060)
				n.Value = 6000
				in.Notes = []Note{note(DataAgain, client, 9, 300), note(Probe, client, 10, 1000), note(Strange, client, 11, 1500),
					note(WindowProbe, client, 12, 2000), note(FINAgain, client, 13, 3000), n}
			}), &expect{notice, high, server, []uint64{9, 10, 12, 13, 30}, nil}},
			{"not recovered", repeating(260, 660, 1460, 3060), nil},
			{"one direction captured", with(healed(6060, 260, 660, 1460), func(in *Input) { in.Conn.Vantage.OneWay = true }), nil},
		},
		"capture-duplicates": {
			{"everything twice", doubled(7), &expect{info, high, "", []uint64{2, 21}, map[string]any{"copies": uint64(7), "packets": uint64(7)}}},
			{"one in seven", doubled(1), nil},
			{"two taps", twice(4, 3), nil},
			{"nothing twice", ordinary(), nil},
		},
		"two-taps": {
			{"both directions", twice(4, 3), &expect{info, high, "", []uint64{2, 3}, map[string]any{"copies": uint64(7)}}},
			{"one direction", twice(4, 0), nil},
			{"a few of many", twice(1, 1), nil},
			{"a few of many, a tap near each end", with(twice(1, 1), func(in *Input) { in.Taps.BothEnds = true }), &expect{info, high, "", []uint64{2, 3}, nil}},
			{"everything twice at one tap", doubled(7), nil},
		},
		"capture-loss": {
			{"octets acknowledged and not captured", missing(2896), &expect{notice, medium, client, []uint64{6}, map[string]any{"missing_bytes": uint64(2896)}}},
			{"nothing missing", with(missing(0), func(*Input) {}), nil},
			{"loss on the network", with(ordinary(), func(in *Input) { in.Conn.Endpoints.Client.Retransmits = 9 }), nil},
		},
		"one-way-capture": {
			{"the client's segments", oneWay(), &expect{notice, high, client, []uint64{1, 7}, map[string]any{"packets": uint64(4)}}},
			{"both directions", established(), nil},
			{"a SYN that nobody answers", synSent().until(9000), nil},
		},
		"mid-stream": {
			{"data at once", midway(), &expect{info, high, "", []uint64{1}, nil}},
			{"nothing but a late FIN", with(midway(), func(in *Input) { in.Conn.Endpoints.Client.PayloadBytes = 0 }), nil},
			{"from its SYN on", established(), nil},
		},
		"evicted": {
			{"given up", with(established(), func(in *Input) { in.Conn.FinalBy = "evicted" }), &expect{notice, high, "", []uint64{1, 7}, nil}},
			{"open at the end", established(), nil},
			{"final by time", with(ordinary(), func(in *Input) { in.Conn.FinalBy = "time" }), nil},
		},
	}
}

// stuck is one whose FIN was sent again so often, a second apart, and the capture ends then.
func stuck(in *Input, side report.Side, copies int, until float64) *Input {
	fin := &in.FIN[index(side)]
	for i := range copies {
		frame, t := uint64(20+i), 1000*float64(i+1)
		in.Notes = append(in.Notes, note(FINAgain, side, frame, t))
		fin.LastFrame, fin.LastTime, fin.Copies = frame, ms(t), i+1
	}
	return in.until(until)
}
