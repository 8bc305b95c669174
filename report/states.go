package report

import "strings"

// Names is a spelling of the states.
type Names uint8

// The spellings: RFC 9293's (FIN-WAIT-1), the Linux kernel's (FIN_WAIT1) and
// that of the BSDs' and Windows' netstat (FIN_WAIT_1).
const (
	NamesRFC Names = iota
	NamesLinux
	NamesNetstat
)

// ParseNames reads the value of --names.
func ParseNames(s string) (Names, bool) {
	for i, name := range [...]string{"rfc", "linux", "netstat"} {
		if s == name {
			return Names(i), true
		}
	}
	return 0, false
}

// Unknown is the state of an end of which the capture does not tell enough.
const Unknown = "UNKNOWN"

// spellings has a state a row: RFC 9293, Linux, netstat, and what else people
// write (ss, Windows, the RFC's shorter forms).
var spellings = [...][4]string{
	{"LISTEN", "LISTEN", "LISTEN", "LISTENING"},
	{"SYN-SENT", "SYN_SENT", "SYN_SENT", ""},
	{"SYN-RECEIVED", "SYN_RECV", "SYN_RCVD", "NEW_SYN_RECV"},
	{"ESTABLISHED", "ESTABLISHED", "ESTABLISHED", "ESTAB"},
	{"FIN-WAIT-1", "FIN_WAIT1", "FIN_WAIT_1", ""},
	{"FIN-WAIT-2", "FIN_WAIT2", "FIN_WAIT_2", ""},
	{"CLOSE-WAIT", "CLOSE_WAIT", "CLOSE_WAIT", ""},
	{"CLOSING", "CLOSING", "CLOSING", ""},
	{"LAST-ACK", "LAST_ACK", "LAST_ACK", ""},
	{"TIME-WAIT", "TIME_WAIT", "TIME_WAIT", ""},
	{"CLOSED", "CLOSE", "CLOSED", "UNCONN"},
	{Unknown, Unknown, Unknown, ""},
}

// States returns the names of the states as records have them, in the order
// in which a connection meets them.
func States() []string {
	list := make([]string, len(spellings))
	for i, row := range spellings {
		list[i] = row[NamesRFC]
	}
	return list
}

// State spells a record's state; a name that is none of them stays as it is.
func (n Names) State(s string) string {
	if n == NamesRFC || n > NamesNetstat {
		return s
	}
	for _, row := range spellings {
		if row[NamesRFC] == s {
			return row[n]
		}
	}
	return s
}

// ParseState finds a state by any of its spellings: FIN-WAIT-1, FIN_WAIT1,
// fin_wait_1, TCP_FIN_WAIT1, SYN_RCVD, SYN-RECV, ESTAB.
func ParseState(s string) (string, bool) {
	want := squeeze(strings.TrimPrefix(strings.ToUpper(s), "TCP_"))
	for _, row := range spellings {
		for _, name := range row {
			if name != "" && squeeze(name) == want {
				return row[NamesRFC], true
			}
		}
	}
	return "", false
}

// squeeze leaves the letters and digits of a name.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}
