package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Info whatever became of the data: what the server does not take costs one
// round trip, as if there were no fast open.
var fastOpen = define(Detector{
	ID:    "fast-open",
	Title: "TCP Fast Open",
	Means: "The client's SYN carried a cookie or data (TCP Fast Open). Data that the server accepts is answered a round trip earlier; " +
		"what it does not accept is sent again after the handshake.",
	Severity: info,
	Disproof: "A SYN,ACK that acknowledges the SYN alone shows that its data was not taken.",
	Advice:   "Nothing to do.",
	Check:    []string{"nstat -az TcpExtTCPFastOpenActive TcpExtTCPFastOpenActiveFail TcpExtTCPFastOpenPassive TcpExtTCPFastOpenPassiveFail", "sysctl net.ipv4.tcp_fastopen"},
	Refs:     []string{"RFC 7413 4.2", "RFC 9293 3.10.7.4", "tcp_fastopen_synack_timer()", "tcp_try_fastopen()"},
}, openedOtherwise, findFastOpen)

func findFastOpen(in *Input) []claim {
	if in.Conn.Open.Kind != "fast-open" {
		return nil
	}
	syn := &in.SYN[0]
	c := claim{side: report.Client, at: syn.Time, proof: in.marks(syn.first(), in.SYNACK.first()), tell: tellCookie}
	if d := in.Conn.SYNData; d != nil && d.Client != nil {
		c.tell = tellSYNDataTaken
		if d.Client.Accepted != "all" && d.Client.Accepted != "part" {
			c.tell = tellSYNDataNotTaken
			c.proof = append(c.proof, syn.last())
		}
	}
	return in.one(c)
}

func tellCookie(in *Input, c *claim) {
	c.title = "The client's SYN carried a Fast Open cookie and no data"
	c.explanation = "The SYN (" + in.frame(in.SYN[0].first()) + ") carried a Fast Open cookie. It had no data, so nothing was gained."
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Int("bytes", uint32(0)))
}

// tellSYNData is what is said of every SYN with data.
func (in *Input) tellSYNData(c *claim) (d *report.SYNDataSide, size string) {
	d = in.Conn.SYNData.Client
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Int("bytes", d.Bytes), report.Any("accepted", d.Accepted))
	return d, words.Plural(d.Bytes, "byte")
}

func tellSYNDataTaken(in *Input, c *claim) {
	d, size := in.tellSYNData(c)
	c.title = "The client's SYN carried " + size + " of data, and the server took " + either(d.Accepted == "all", "all of it", "a part of it")
	c.explanation = "The server's SYN,ACK (" + in.frame(in.SYNACK.first()) + ") acknowledges data of the SYN (" + in.frame(in.SYN[0].first()) +
		"): the server's program had it one round trip before the handshake was complete."
}

func tellSYNDataNotTaken(in *Input, c *claim) {
	_, size := in.tellSYNData(c)
	syn := &in.SYN[0]
	c.title = "The client's SYN carried " + size + " of data, and the server did not take it"
	c.explanation = say("The server's SYN,ACK ("+in.frame(in.SYNACK.first())+") acknowledges the SYN ("+in.frame(syn.first())+
		") without its data, which the client has to send again after the handshake.",
		when(syn.Copies > 0, "The SYN was repeated before that: the one with the data was lost, or something on the path drops such SYNs. "+
			"Linux repeats the SYN without data and stops using Fast Open for a while if that happens often."))
	c.advice = "Nothing to do: it costs no more than an ordinary handshake. If it is always so, Fast Open is off at the server, its cookies have changed, or something on the path drops SYNs with data."
}
