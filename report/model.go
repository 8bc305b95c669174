package report

import (
	"net/netip"
	"time"
)

// Schema names the version of the record format.
const Schema = "lastack/1"

// Capture is the first record of a stream: what is known before the first
// packet.
type Capture struct {
	Type        string         `json:"type"`
	Schema      string         `json:"schema"`
	Version     string         `json:"version"`
	Files       []File         `json:"files"`
	Options     map[string]any `json:"options"`
	Assumptions Assumptions    `json:"assumptions"`
}

// File is one input as the Capture record names it.
type File struct {
	Name   string `json:"name"`
	Format string `json:"format"`
}

// Assumptions are what the analysis took for granted because no packet tells.
type Assumptions struct {
	MSL   float64 `json:"msl_s"`
	Stack string  `json:"stack"`
	// Networks are the stacks of single networks (--stack PREFIX=NAME).
	Networks map[string]string `json:"networks,omitempty"`
}

// Side names an end of a connection.
type Side string

// The sides; SideUnknown and SideBoth only where a field allows them.
const (
	Client      Side = "client"
	Server      Side = "server"
	SideBoth    Side = "both"
	SideUnknown Side = "unknown"
)

// Addr is one end's address.
type Addr struct {
	IP   netip.Addr `json:"ip"`
	Port uint16     `json:"port"`
}

// Connection is one incarnation of a four-tuple.
type Connection struct {
	Type            string       `json:"type"`
	ID              uint64       `json:"id"`
	Incarnation     int          `json:"incarnation"`
	Previous        *uint64      `json:"previous"`
	CommunityID     string       `json:"community_id"`
	VLAN            []uint16     `json:"vlan"`
	Tunnel          []string     `json:"tunnel"`
	Client          Addr         `json:"client"`
	Server          Addr         `json:"server"`
	RoleBasis       string       `json:"role_basis"`
	FirstFrame      uint64       `json:"first_frame"`
	FirstFile       *int         `json:"first_file,omitempty"`
	LastFrame       uint64       `json:"last_frame"`
	LastFile        *int         `json:"last_file,omitempty"`
	Start           time.Time    `json:"start"`
	End             time.Time    `json:"end"`
	Duration        float64      `json:"duration_s"`
	FinalBy         string       `json:"final_by"`
	Open            Open         `json:"open"`
	Close           Close        `json:"close"`
	Endpoints       Endpoints    `json:"endpoints"`
	Transitions     []Transition `json:"transitions"`
	Refuted         []Refuted    `json:"refuted"`
	Resets          []Reset      `json:"resets"`
	Rejected        *Rejected    `json:"rejected,omitempty"`
	Reuse           *Reuse       `json:"reuse,omitempty"`
	HalfClose       *HalfClose   `json:"half_close,omitempty"`
	SYNData         *SYNData     `json:"syn_data,omitempty"`
	Vantage         Vantage      `json:"vantage"`
	Complete        bool         `json:"complete"`
	Compat          *Compat      `json:"compat,omitempty"`
	Confidence      string       `json:"confidence"`
	Findings        []string     `json:"findings"`
	WiresharkFilter string       `json:"wireshark_filter"`
}

// Open says how the connection was opened (records.md, open.kind).
type Open struct {
	Kind              string   `json:"kind"`
	RTT               *float64 `json:"rtt_s,omitempty"`
	SYNRetransmits    int      `json:"syn_retransmits"`
	SYNACKRetransmits int      `json:"syn_ack_retransmits"`
}

// Close says how it ended. The order of precedence of Kind is in records.md.
type Close struct {
	Kind           string      `json:"kind"`
	FirstCloser    Side        `json:"first_closer"`
	Basis          string      `json:"basis,omitempty"`
	EndedBy        string      `json:"ended_by"`
	FinalAck       string      `json:"final_ack,omitempty"`
	FINRetransmits SideCounts  `json:"fin_retransmits"`
	CloseWait      *float64    `json:"close_wait_s,omitempty"`
	Reset          *ResetCause `json:"reset,omitempty"`
}

// SideCounts is a count for each side.
type SideCounts struct {
	Client int `json:"client"`
	Server int `json:"server"`
}

// ResetCause names the reset that ended the connection and why it was sent.
type ResetCause struct {
	By    Side   `json:"by"`
	Cause string `json:"cause"`
	Frame uint64 `json:"frame"`
	File  *int   `json:"file,omitempty"`
}

// Endpoints are the two ends.
type Endpoints struct {
	Client Endpoint `json:"client"`
	Server Endpoint `json:"server"`
}

// Endpoint is what is known of one end: its state at the end of input or when
// the record became final, and what it sent.
type Endpoint struct {
	State          string     `json:"state"`
	ConfirmedState string     `json:"confirmed_state"`
	Possible       []string   `json:"possible"`
	Pending        []Pending  `json:"pending"`
	Since          *time.Time `json:"since,omitempty"`
	TimeWaitUntil  *time.Time `json:"time_wait_until,omitempty"`
	GivesUpAt      *time.Time `json:"gives_up_at,omitempty"`

	ISN         *uint32 `json:"isn,omitempty"`
	MSS         *uint16 `json:"mss,omitempty"`
	WindowScale *uint8  `json:"window_scale,omitempty"`
	SACK        *bool   `json:"sack,omitempty"`
	Timestamps  *bool   `json:"timestamps,omitempty"`

	Packets          uint64   `json:"packets"`
	PayloadBytes     uint64   `json:"payload_bytes"`
	UniqueBytes      uint64   `json:"unique_bytes"`
	Retransmits      uint64   `json:"retransmits"`
	OutOfOrder       uint64   `json:"out_of_order"`
	DuplicateAcks    uint64   `json:"duplicate_acks"`
	ZeroWindows      uint64   `json:"zero_windows"`
	KeepaliveProbes  uint64   `json:"keepalive_probes"`
	KeepaliveReplies uint64   `json:"keepalive_replies"`
	WindowProbes     uint64   `json:"window_probes"`
	RTTMin           *float64 `json:"rtt_min_s,omitempty"`
}

// Pending is a receipt that is assumed, not proved, or a RST that another host may have
// sent.
type Pending struct {
	On    string `json:"on"`
	Frame uint64 `json:"frame"`
	File  *int   `json:"file,omitempty"`
}

// Transition is one change of state of one end. Where nothing is on the wire
// Frame and T are absent and NotBefore and NotAfter bound the moment.
type Transition struct {
	Side           Side       `json:"side"`
	From           string     `json:"from"`
	To             string     `json:"to"`
	On             string     `json:"on"`
	T              *time.Time `json:"t,omitempty"`
	NotBefore      *time.Time `json:"not_before,omitempty"`
	NotAfter       *time.Time `json:"not_after,omitempty"`
	Frame          *uint64    `json:"frame,omitempty"`
	File           *int       `json:"file,omitempty"`
	ConfirmedFrame *uint64    `json:"confirmed_frame,omitempty"`
	ConfirmedFile  *int       `json:"confirmed_file,omitempty"`
	Basis          string     `json:"basis"`
	Rule           string     `json:"rule"`
	Momentary      bool       `json:"momentary,omitempty"`
}

// Refuted is a receipt that looked as if it had happened until a later
// segment showed that it had not.
type Refuted struct {
	Side    Side   `json:"side"`
	On      string `json:"on"`
	Frame   uint64 `json:"frame"`
	File    *int   `json:"file,omitempty"`
	ByFrame uint64 `json:"by_frame"`
	ByFile  *int   `json:"by_file,omitempty"`
	Why     string `json:"why"`
}

// Reset is one RST segment and what it did.
type Reset struct {
	Frame        uint64  `json:"frame"`
	File         *int    `json:"file,omitempty"`
	By           Side    `json:"by"`
	Form         string  `json:"form"`
	AnswersFrame *uint64 `json:"answers_frame,omitempty"`
	AnswersFile  *int    `json:"answers_file,omitempty"`
	Effect       string  `json:"effect"`
	Cause        string  `json:"cause,omitempty"`
	PayloadBytes int     `json:"payload_bytes"`
}

// Rejected is the ICMP error that ended an opening.
type Rejected struct {
	ICMPType uint8  `json:"type"`
	ICMPCode uint8  `json:"code"`
	Frame    uint64 `json:"frame"`
	File     *int   `json:"file,omitempty"`
}

// Reuse says how this incarnation took over the tuple of an earlier one that
// was still inside 2MSL.
type Reuse struct {
	Age        float64  `json:"age_s"`
	ISNDelta   int64    `json:"isn_delta"`
	AcceptedBy string   `json:"accepted_by"`
	Delay      *float64 `json:"delay_s,omitempty"`
}

// HalfClose is what one end still sent after it had acknowledged the other's
// FIN.
type HalfClose struct {
	By       Side    `json:"by"`
	Duration float64 `json:"duration_s"`
	Bytes    uint64  `json:"bytes"`
}

// SYNData is the payload that SYNs carried, by side.
type SYNData struct {
	Client *SYNDataSide `json:"client,omitempty"`
	Server *SYNDataSide `json:"server,omitempty"`
}

// SYNDataSide is the payload of one side's SYN and how much of it the peer
// acknowledged with its SYN,ACK: all, part or none.
type SYNDataSide struct {
	Bytes    uint32 `json:"bytes"`
	Accepted string `json:"accepted"`
}

// Vantage is where in the path the capture seems to have been taken.
type Vantage struct {
	Near         Side         `json:"near"`
	Basis        string       `json:"basis,omitempty"`
	RTT          *SideSeconds `json:"rtt_s,omitempty"`
	OneWay       bool         `json:"one_way"`
	MissingBytes SideBytes    `json:"missing_bytes"`
}

// SideSeconds is a duration to each side, where measured.
type SideSeconds struct {
	Client *float64 `json:"client,omitempty"`
	Server *float64 `json:"server,omitempty"`
}

// SideBytes is a number of octets for each side.
type SideBytes struct {
	Client uint64 `json:"client"`
	Server uint64 `json:"server"`
}

// Compat is the same connection in other tools' terms.
type Compat struct {
	ZeekConnState         string `json:"zeek_conn_state,omitempty"`
	ZeekHistory           string `json:"zeek_history,omitempty"`
	WiresharkCompleteness *int   `json:"wireshark_completeness,omitempty"`
	IPFIXFlowEndReason    *int   `json:"ipfix_flow_end_reason,omitempty"`
}

// Finding is one thing worth telling, with the frames that prove it.
type Finding struct {
	Type             string    `json:"type"`
	ID               string    `json:"id"`
	Severity         string    `json:"severity"`
	Confidence       string    `json:"confidence"`
	Connections      []uint64  `json:"connections"`
	ConnectionsTotal int       `json:"connections_total"`
	Side             Side      `json:"side,omitempty"`
	Frames           []uint64  `json:"frames"`
	FrameFiles       []int     `json:"frame_files,omitempty"`
	T                time.Time `json:"t"`
	Title            string    `json:"title"`
	Explanation      string    `json:"explanation"`
	Disproof         string    `json:"disproof"`
	Advice           string    `json:"advice"`
	Check            []string  `json:"check"`
	SeenBy           *SeenBy   `json:"seen_by,omitempty"`
	Refs             []string  `json:"refs"`
	WiresharkFilter  string    `json:"wireshark_filter"`
	Values           Values    `json:"values"`
}

// SeenBy is what each program likely saw of it.
type SeenBy struct {
	Client string `json:"client"`
	Server string `json:"server"`
}

// Summary is the last record of a stream.
type Summary struct {
	Type              string         `json:"type"`
	Files             []FileSummary  `json:"files"`
	Packets           uint64         `json:"packets"`
	TCPSegments       uint64         `json:"tcp_segments"`
	Skipped           Skipped        `json:"skipped"`
	CaptureDuplicates uint64         `json:"capture_duplicates"`
	DroppedByCapture  *uint64        `json:"dropped_by_capture,omitempty"`
	TimeWentBack      uint64         `json:"time_went_back"`
	Connections       uint64         `json:"connections"`
	ByOpen            map[string]int `json:"by_open"`
	ByClose           map[string]int `json:"by_close"`
	ByFirstCloser     map[string]int `json:"by_first_closer"`
	ByResetCause      map[string]int `json:"by_reset_cause"`
	StatesAtEnd       map[string]int `json:"states_at_end"`
	Findings          map[string]int `json:"findings"`
	Lifetimes         map[string]int `json:"lifetimes"`
	// Interrupted is true when the analysis was stopped before the end of
	// the input.
	Interrupted bool `json:"interrupted,omitempty"`
	// Errors are the faults of the input, one line each.
	Errors []string `json:"errors,omitempty"`
}

// FileSummary is what was read of one input.
type FileSummary struct {
	Name        string     `json:"name"`
	LinkTypes   []string   `json:"link_types"`
	Packets     uint64     `json:"packets"`
	Bytes       uint64     `json:"bytes"`
	First       *time.Time `json:"first,omitempty"`
	Last        *time.Time `json:"last,omitempty"`
	TruncatedAt *int64     `json:"truncated_at"`
	// ClockOffset is how many seconds the file's clock was ahead of that of an earlier
	// file which shares segments with it. The times of the report are corrected by it.
	ClockOffset *float64 `json:"clock_offset_s,omitempty"`
}

// Skipped counts the packets that gave no segment, by reason.
type Skipped struct {
	NotIP     uint64 `json:"not_ip"`
	NotTCP    uint64 `json:"not_tcp"`
	Malformed uint64 `json:"malformed"`
	Fragment  uint64 `json:"fragment"`
	LinkType  uint64 `json:"link_type"` // of one without a decoder
	Checksum  uint64 `json:"checksum"`  // with a wrong one, where they are verified
	TooDeep   uint64 `json:"too_deep"`  // in more than eight encapsulations
	// LinkTypes counts those of LinkType by its name, or number: the first 64 names.
	LinkTypes map[string]uint64 `json:"link_types,omitempty"`
}
