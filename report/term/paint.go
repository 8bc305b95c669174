package term

// Paint colours text, or leaves it as it is.
type Paint bool

// The colours are from the 256 that every terminal knows. A test holds each to
// a contrast of 3:1 on black and on white, since nothing is known of the
// ground.
const (
	bold   = "1"
	grey   = "38;5;245"
	red    = "1;38;5;160"
	orange = "38;5;166"
	blue   = "38;5;33"
)

// states has a colour for each state, by its RFC name: amber for what opens,
// green for what is open, blues, from strong to pale, for the active closer's
// way, oranges for the passive closer's, CLOSE-WAIT the strongest.
var states = map[string]string{
	"SYN-SENT":     "38;5;136",
	"SYN-RECEIVED": "38;5;136",
	"ESTABLISHED":  "38;5;28",
	"FIN-WAIT-1":   "38;5;27",
	"FIN-WAIT-2":   "38;5;33",
	"CLOSING":      "38;5;68",
	"TIME-WAIT":    "38;5;103",
	"CLOSE-WAIT":   "1;38;5;166",
	"LAST-ACK":     "38;5;137",
	"CLOSED":       grey,
	"LISTEN":       grey,
}

var severities = map[string]string{"critical": red, "warning": orange, "notice": blue, "info": grey}

func (p Paint) as(code, s string) string {
	if !p || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// State colours s as the state of that name; what is only assumed leans.
func (p Paint) State(state string, assumed bool, s string) string {
	code := states[state]
	if assumed && code != "" {
		code = "3;" + code
	}
	return p.as(code, s)
}

// Severity colours s by how far it matters.
func (p Paint) Severity(severity, s string) string { return p.as(severities[severity], s) }

// Bold, Quiet and Reset colour a heading, an aside, and what has to do with
// a reset or a loss.
func (p Paint) Bold(s string) string  { return p.as(bold, s) }
func (p Paint) Quiet(s string) string { return p.as(grey, s) }
func (p Paint) Reset(s string) string { return p.as(red, s) }
