package report

import (
	"io"
	"slices"
	"strconv"
	"time"
)

// Sink takes the records of one capture in the order of the stream: a
// *Capture, *Connections and *Findings, a *Summary. A record belongs to the
// caller again when Add returns.
type Sink interface {
	Add(Record) error
	// Close writes what is left. It does not close the writer below.
	Close() error
}

// flushAt is how many bytes an Encoder gathers before it writes.
const flushAt = 64 << 10

// Encoder is the Sink that writes NDJSON: a JSON object a line, in the order
// of records.md, with the keys in the order of the types' fields.
type Encoder struct {
	w   io.Writer
	buf []byte
	app appender
	err error
}

// NewEncoder returns an Encoder that writes to w in large blocks.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Add writes one record. After an error of the writer it returns that error.
func (e *Encoder) Add(rec Record) error {
	e.buf = e.app.record(e.buf, rec)
	e.buf = append(e.buf, '\n')
	if len(e.buf) >= flushAt {
		return e.Flush()
	}
	return e.err
}

// AddLines writes records that NewAppender's function has encoded, each with a
// line break behind it.
func (e *Encoder) AddLines(lines []byte) error {
	if err := e.Flush(); err != nil || len(lines) == 0 {
		return err
	}
	_, e.err = e.w.Write(lines)
	return e.err
}

// Flush writes what is gathered: for a reader that waits for the line.
func (e *Encoder) Flush() error {
	if e.err == nil && len(e.buf) > 0 {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
	return e.err
}

// Close flushes.
func (e *Encoder) Close() error { return e.Flush() }

// Append adds the JSON of one record to b, without a line break.
func Append(b []byte, rec Record) []byte {
	var a appender
	return a.record(b, rec)
}

// NewAppender returns a function that does what Append does, in less time: it
// remembers what it has written before. It is for one goroutine.
func NewAppender() func(b []byte, rec Record) []byte {
	var a appender
	return a.record
}

// appender writes records; its zero value is ready.
type appender struct {
	day   dayCache
	wrote *[memoSize]wroteTransition
	kinds map[string]*wroteFinding
}

func (a *appender) record(b []byte, rec Record) []byte {
	switch r := rec.(type) {
	case *Capture:
		return a.capture(b, r)
	case *Connection:
		return a.connection(b, r)
	case *Finding:
		return a.finding(b, r)
	case *Summary:
		return a.summary(b, r)
	}
	return append(b, "null"...)
}

func (a *appender) capture(b []byte, c *Capture) []byte {
	b = append(b, `{"type":"capture","schema":`...)
	b = appendString(b, c.Schema)
	b = append(b, `,"version":`...)
	b = appendString(b, c.Version)
	b = append(b, `,"files":`...)
	b = appendList(b, c.Files, appendFile)
	b = append(b, `,"options":`...)
	b = appendMap(b, c.Options, appendAny)
	b = append(b, `,"assumptions":{"msl_s":`...)
	b = appendFloat(b, c.Assumptions.MSL)
	b = append(b, `,"stack":`...)
	b = appendString(b, c.Assumptions.Stack)
	if len(c.Assumptions.Networks) > 0 {
		b = append(b, `,"networks":`...)
		b = appendMap(b, c.Assumptions.Networks, appendString)
	}
	return append(b, `}}`...)
}

func appendFile(b []byte, f File) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, f.Name)
	b = append(b, `,"format":`...)
	b = appendString(b, f.Format)
	return append(b, '}')
}

// connectionRoom is more than most connections take, so that the buffer grows
// once and not in the middle of a record.
const connectionRoom = 4 << 10

func (a *appender) connection(b []byte, c *Connection) []byte {
	b = slices.Grow(b, connectionRoom)
	b = a.identity(b, c)
	b = appendOpen(b, &c.Open)
	b = appendClose(b, &c.Close)
	b = append(b, `,"endpoints":{"client":`...)
	b = a.endpoint(b, &c.Endpoints.Client)
	b = append(b, `,"server":`...)
	b = a.endpoint(b, &c.Endpoints.Server)
	b = append(b, `},"transitions":[`...)
	for i := range c.Transitions {
		b = a.transition(comma(b, i), &c.Transitions[i])
	}
	b = append(b, `],"refuted":[`...)
	for i := range c.Refuted {
		b = appendRefuted(comma(b, i), &c.Refuted[i])
	}
	b = append(b, `],"resets":[`...)
	for i := range c.Resets {
		b = appendReset(comma(b, i), &c.Resets[i])
	}
	b = append(b, ']')
	b = appendRare(b, c)
	b = appendVantage(b, &c.Vantage)
	b = append(b, `,"complete":`...)
	b = appendBool(b, c.Complete)
	if c.Compat != nil {
		b = appendCompat(b, c.Compat)
	}
	b = append(b, `,"confidence":`...)
	b = appendString(b, c.Confidence)
	b = append(b, `,"findings":`...)
	b = appendList(b, c.Findings, appendString)
	b = append(b, `,"wireshark_filter":`...)
	b = appendString(b, c.WiresharkFilter)
	return append(b, '}')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// identity writes what comes before a connection's "open".
func (a *appender) identity(b []byte, c *Connection) []byte {
	b = append(b, `{"type":"connection","id":`...)
	b = appendUint(b, c.ID)
	b = append(b, `,"incarnation":`...)
	b = appendInt(b, c.Incarnation)
	b = append(b, `,"previous":`...)
	if c.Previous != nil {
		b = appendUint(b, *c.Previous)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"community_id":`...)
	b = appendString(b, c.CommunityID)
	b = append(b, `,"vlan":`...)
	b = appendList(b, c.VLAN, appendUint[uint16])
	b = append(b, `,"tunnel":`...)
	b = appendList(b, c.Tunnel, appendString)
	b = append(b, `,"client":`...)
	b = appendAddr(b, c.Client)
	b = append(b, `,"server":`...)
	b = appendAddr(b, c.Server)
	b = append(b, `,"role_basis":`...)
	b = appendString(b, c.RoleBasis)
	b = append(b, `,"first_frame":`...)
	b = appendUint(b, c.FirstFrame)
	b = optInt(b, `,"first_file":`, c.FirstFile)
	b = append(b, `,"last_frame":`...)
	b = appendUint(b, c.LastFrame)
	b = optInt(b, `,"last_file":`, c.LastFile)
	b = append(b, `,"start":`...)
	b = a.day.append(b, c.Start)
	b = append(b, `,"end":`...)
	b = a.day.append(b, c.End)
	b = append(b, `,"duration_s":`...)
	b = appendFloat(b, c.Duration)
	b = append(b, `,"final_by":`...)
	return appendString(b, c.FinalBy)
}

func appendAddr(b []byte, a Addr) []byte {
	b = append(b, `{"ip":`...)
	b = appendIP(b, a.IP)
	b = append(b, `,"port":`...)
	b = appendUint(b, a.Port)
	return append(b, '}')
}

func appendOpen(b []byte, o *Open) []byte {
	b = append(b, `,"open":{"kind":`...)
	b = appendString(b, o.Kind)
	b = optFloat(b, `,"rtt_s":`, o.RTT)
	b = append(b, `,"syn_retransmits":`...)
	b = appendInt(b, o.SYNRetransmits)
	b = append(b, `,"syn_ack_retransmits":`...)
	b = appendInt(b, o.SYNACKRetransmits)
	return append(b, '}')
}

func appendClose(b []byte, c *Close) []byte {
	b = append(b, `,"close":{"kind":`...)
	b = appendString(b, c.Kind)
	b = append(b, `,"first_closer":`...)
	b = appendString(b, string(c.FirstCloser))
	b = optString(b, `,"basis":`, c.Basis)
	b = append(b, `,"ended_by":`...)
	b = appendString(b, c.EndedBy)
	b = optString(b, `,"final_ack":`, c.FinalAck)
	b = append(b, `,"fin_retransmits":{"client":`...)
	b = appendInt(b, c.FINRetransmits.Client)
	b = append(b, `,"server":`...)
	b = appendInt(b, c.FINRetransmits.Server)
	b = append(b, '}')
	b = optFloat(b, `,"close_wait_s":`, c.CloseWait)
	if r := c.Reset; r != nil {
		b = append(b, `,"reset":{"by":`...)
		b = appendString(b, string(r.By))
		b = append(b, `,"cause":`...)
		b = appendString(b, r.Cause)
		b = append(b, `,"frame":`...)
		b = appendUint(b, r.Frame)
		b = optInt(b, `,"file":`, r.File)
		b = append(b, '}')
	}
	return append(b, '}')
}

func (a *appender) endpoint(b []byte, e *Endpoint) []byte {
	b = append(b, `{"state":`...)
	b = appendString(b, e.State)
	b = append(b, `,"confirmed_state":`...)
	b = appendString(b, e.ConfirmedState)
	b = append(b, `,"possible":`...)
	b = appendList(b, e.Possible, appendString)
	b = append(b, `,"pending":`...)
	b = appendList(b, e.Pending, appendPending)
	b = a.optTime(b, `,"since":`, e.Since)
	b = a.optTime(b, `,"time_wait_until":`, e.TimeWaitUntil)
	b = a.optTime(b, `,"gives_up_at":`, e.GivesUpAt)
	b = optUint(b, `,"isn":`, e.ISN)
	b = optUint(b, `,"mss":`, e.MSS)
	b = optUint(b, `,"window_scale":`, e.WindowScale)
	b = optBool(b, `,"sack":`, e.SACK)
	b = optBool(b, `,"timestamps":`, e.Timestamps)
	b = appendCounts(b, e)
	b = optFloat(b, `,"rtt_min_s":`, e.RTTMin)
	return append(b, '}')
}

func appendCounts(b []byte, e *Endpoint) []byte {
	b = append(b, `,"packets":`...)
	b = appendUint(b, e.Packets)
	b = append(b, `,"payload_bytes":`...)
	b = appendUint(b, e.PayloadBytes)
	b = append(b, `,"unique_bytes":`...)
	b = appendUint(b, e.UniqueBytes)
	unusual := e.Retransmits | e.OutOfOrder | e.DuplicateAcks | e.ZeroWindows | e.KeepaliveProbes | e.KeepaliveReplies | e.WindowProbes
	if unusual == 0 {
		return append(b, `,"retransmits":0,"out_of_order":0,"duplicate_acks":0,"zero_windows":0,"keepalive_probes":0,"keepalive_replies":0,"window_probes":0`...)
	}
	b = append(b, `,"retransmits":`...)
	b = appendUint(b, e.Retransmits)
	b = append(b, `,"out_of_order":`...)
	b = appendUint(b, e.OutOfOrder)
	b = append(b, `,"duplicate_acks":`...)
	b = appendUint(b, e.DuplicateAcks)
	b = append(b, `,"zero_windows":`...)
	b = appendUint(b, e.ZeroWindows)
	b = append(b, `,"keepalive_probes":`...)
	b = appendUint(b, e.KeepaliveProbes)
	b = append(b, `,"keepalive_replies":`...)
	b = appendUint(b, e.KeepaliveReplies)
	b = append(b, `,"window_probes":`...)
	b = appendUint(b, e.WindowProbes)
	return b
}

func appendPending(b []byte, p Pending) []byte {
	b = append(b, `{"on":`...)
	b = appendString(b, p.On)
	b = append(b, `,"frame":`...)
	b = appendUint(b, p.Frame)
	b = optInt(b, `,"file":`, p.File)
	return append(b, '}')
}

func (a *appender) transition(b []byte, t *Transition) []byte {
	w := a.words(t)
	b = append(b, w.head...)
	b = a.optTime(b, `,"t":`, t.T)
	b = a.optTime(b, `,"not_before":`, t.NotBefore)
	b = a.optTime(b, `,"not_after":`, t.NotAfter)
	b = optUint(b, `,"frame":`, t.Frame)
	b = optInt(b, `,"file":`, t.File)
	b = optUint(b, `,"confirmed_frame":`, t.ConfirmedFrame)
	b = optInt(b, `,"confirmed_file":`, t.ConfirmedFile)
	return append(b, w.tail...)
}

func appendRefuted(b []byte, r *Refuted) []byte {
	b = append(b, `{"side":`...)
	b = appendString(b, string(r.Side))
	b = append(b, `,"on":`...)
	b = appendString(b, r.On)
	b = append(b, `,"frame":`...)
	b = appendUint(b, r.Frame)
	b = optInt(b, `,"file":`, r.File)
	b = append(b, `,"by_frame":`...)
	b = appendUint(b, r.ByFrame)
	b = optInt(b, `,"by_file":`, r.ByFile)
	b = append(b, `,"why":`...)
	b = appendString(b, r.Why)
	return append(b, '}')
}

func appendReset(b []byte, r *Reset) []byte {
	b = append(b, `{"frame":`...)
	b = appendUint(b, r.Frame)
	b = optInt(b, `,"file":`, r.File)
	b = append(b, `,"by":`...)
	b = appendString(b, string(r.By))
	b = append(b, `,"form":`...)
	b = appendString(b, r.Form)
	b = optUint(b, `,"answers_frame":`, r.AnswersFrame)
	b = optInt(b, `,"answers_file":`, r.AnswersFile)
	b = append(b, `,"effect":`...)
	b = appendString(b, r.Effect)
	b = optString(b, `,"cause":`, r.Cause)
	b = append(b, `,"payload_bytes":`...)
	b = appendInt(b, r.PayloadBytes)
	return append(b, '}')
}

// appendRare writes the parts of a connection that few have.
func appendRare(b []byte, c *Connection) []byte {
	if r := c.Rejected; r != nil {
		b = append(b, `,"rejected":{"type":`...)
		b = appendUint(b, r.ICMPType)
		b = append(b, `,"code":`...)
		b = appendUint(b, r.ICMPCode)
		b = append(b, `,"frame":`...)
		b = appendUint(b, r.Frame)
		b = optInt(b, `,"file":`, r.File)
		b = append(b, '}')
	}
	if r := c.Reuse; r != nil {
		b = append(b, `,"reuse":{"age_s":`...)
		b = appendFloat(b, r.Age)
		b = append(b, `,"isn_delta":`...)
		b = strconv.AppendInt(b, r.ISNDelta, 10)
		b = append(b, `,"accepted_by":`...)
		b = appendString(b, r.AcceptedBy)
		b = optFloat(b, `,"delay_s":`, r.Delay)
		b = append(b, '}')
	}
	if h := c.HalfClose; h != nil {
		b = append(b, `,"half_close":{"by":`...)
		b = appendString(b, string(h.By))
		b = append(b, `,"duration_s":`...)
		b = appendFloat(b, h.Duration)
		b = append(b, `,"bytes":`...)
		b = appendUint(b, h.Bytes)
		b = append(b, '}')
	}
	if c.SYNData != nil {
		b = append(b, `,"syn_data":{`...)
		b = appendSYNData(b, `"client":`, c.SYNData.Client)
		if c.SYNData.Client != nil && c.SYNData.Server != nil {
			b = append(b, ',')
		}
		b = appendSYNData(b, `"server":`, c.SYNData.Server)
		b = append(b, '}')
	}
	return b
}

func appendSYNData(b []byte, key string, d *SYNDataSide) []byte {
	if d == nil {
		return b
	}
	b = append(b, key...)
	b = append(b, `{"bytes":`...)
	b = appendUint(b, d.Bytes)
	b = append(b, `,"accepted":`...)
	b = appendString(b, d.Accepted)
	return append(b, '}')
}

func appendVantage(b []byte, v *Vantage) []byte {
	b = append(b, `,"vantage":{"near":`...)
	b = appendString(b, string(v.Near))
	b = optString(b, `,"basis":`, v.Basis)
	if v.RTT != nil {
		b = append(b, `,"rtt_s":{`...)
		first := len(b)
		b = optFloat(b, `,"client":`, v.RTT.Client)
		b = optFloat(b, `,"server":`, v.RTT.Server)
		if len(b) > first {
			b = slices.Delete(b, first, first+1) // the comma before the first key
		}
		b = append(b, '}')
	}
	b = append(b, `,"one_way":`...)
	b = appendBool(b, v.OneWay)
	b = append(b, `,"missing_bytes":{"client":`...)
	b = appendUint(b, v.MissingBytes.Client)
	b = append(b, `,"server":`...)
	b = appendUint(b, v.MissingBytes.Server)
	return append(b, `}}`...)
}

func appendCompat(b []byte, c *Compat) []byte {
	b = append(b, `,"compat":{`...)
	first := len(b)
	b = optString(b, `,"zeek_conn_state":`, c.ZeekConnState)
	b = optString(b, `,"zeek_history":`, c.ZeekHistory)
	b = optInt(b, `,"wireshark_completeness":`, c.WiresharkCompleteness)
	b = optInt(b, `,"ipfix_flow_end_reason":`, c.IPFIXFlowEndReason)
	if len(b) > first {
		b = slices.Delete(b, first, first+1)
	}
	return append(b, '}')
}

func (a *appender) finding(b []byte, f *Finding) []byte {
	b = append(b, `{"type":"finding","id":`...)
	b = appendString(b, f.ID)
	b = append(b, `,"severity":`...)
	b = appendString(b, f.Severity)
	b = append(b, `,"confidence":`...)
	b = appendString(b, f.Confidence)
	b = append(b, `,"connections":`...)
	b = appendList(b, f.Connections, appendUint[uint64])
	b = append(b, `,"connections_total":`...)
	b = appendInt(b, f.ConnectionsTotal)
	b = optString(b, `,"side":`, string(f.Side))
	b = append(b, `,"frames":`...)
	b = appendList(b, f.Frames, appendUint[uint64])
	if len(f.FrameFiles) > 0 {
		b = append(b, `,"frame_files":`...)
		b = appendList(b, f.FrameFiles, appendInt)
	}
	b = append(b, `,"t":`...)
	b = a.day.append(b, f.T)
	b = append(b, `,"title":`...)
	b = appendString(b, f.Title)
	b = append(b, `,"explanation":`...)
	b = appendString(b, f.Explanation)
	w := a.standing(f)
	b = append(b, w.before...)
	if f.SeenBy != nil {
		b = append(b, `,"seen_by":{"client":`...)
		b = appendString(b, f.SeenBy.Client)
		b = append(b, `,"server":`...)
		b = appendString(b, f.SeenBy.Server)
		b = append(b, '}')
	}
	b = append(b, w.after...)
	b = append(b, `,"wireshark_filter":`...)
	b = appendString(b, f.WiresharkFilter)
	b = append(b, `,"values":`...)
	b = appendValues(b, f.Values)
	return append(b, '}')
}

func (a *appender) summary(b []byte, s *Summary) []byte {
	b = append(b, `{"type":"summary","files":[`...)
	for i := range s.Files {
		b = a.fileSummary(comma(b, i), &s.Files[i])
	}
	b = append(b, `],"packets":`...)
	b = appendUint(b, s.Packets)
	b = append(b, `,"tcp_segments":`...)
	b = appendUint(b, s.TCPSegments)
	b = append(b, `,"skipped":`...)
	b = appendSkipped(b, &s.Skipped)
	b = append(b, `,"capture_duplicates":`...)
	b = appendUint(b, s.CaptureDuplicates)
	b = optUint(b, `,"dropped_by_capture":`, s.DroppedByCapture)
	b = append(b, `,"time_went_back":`...)
	b = appendUint(b, s.TimeWentBack)
	b = append(b, `,"connections":`...)
	b = appendUint(b, s.Connections)
	for _, m := range [...]struct {
		key    string
		counts map[string]int
	}{
		{`,"by_open":`, s.ByOpen},
		{`,"by_close":`, s.ByClose},
		{`,"by_first_closer":`, s.ByFirstCloser},
		{`,"by_reset_cause":`, s.ByResetCause},
		{`,"states_at_end":`, s.StatesAtEnd},
		{`,"findings":`, s.Findings},
		{`,"lifetimes":`, s.Lifetimes},
	} {
		b = append(b, m.key...)
		b = appendMap(b, m.counts, appendInt)
	}
	if s.Interrupted {
		b = append(b, `,"interrupted":true`...)
	}
	if len(s.Errors) > 0 {
		b = append(b, `,"errors":`...)
		b = appendList(b, s.Errors, appendString)
	}
	return append(b, '}')
}

func (a *appender) fileSummary(b []byte, f *FileSummary) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, f.Name)
	b = append(b, `,"link_types":`...)
	b = appendList(b, f.LinkTypes, appendString)
	b = append(b, `,"packets":`...)
	b = appendUint(b, f.Packets)
	b = append(b, `,"bytes":`...)
	b = appendUint(b, f.Bytes)
	b = a.optTime(b, `,"first":`, f.First)
	b = a.optTime(b, `,"last":`, f.Last)
	b = append(b, `,"truncated_at":`...)
	if f.TruncatedAt != nil {
		b = strconv.AppendInt(b, *f.TruncatedAt, 10)
	} else {
		b = append(b, "null"...)
	}
	b = optFloat(b, `,"clock_offset_s":`, f.ClockOffset)
	return append(b, '}')
}

func appendSkipped(b []byte, s *Skipped) []byte {
	b = append(b, `{"not_ip":`...)
	b = appendUint(b, s.NotIP)
	b = append(b, `,"not_tcp":`...)
	b = appendUint(b, s.NotTCP)
	b = append(b, `,"malformed":`...)
	b = appendUint(b, s.Malformed)
	b = append(b, `,"fragment":`...)
	b = appendUint(b, s.Fragment)
	b = append(b, `,"link_type":`...)
	b = appendUint(b, s.LinkType)
	b = append(b, `,"checksum":`...)
	b = appendUint(b, s.Checksum)
	b = append(b, `,"too_deep":`...)
	b = appendUint(b, s.TooDeep)
	if len(s.LinkTypes) > 0 {
		b = appendMap(append(b, `,"link_types":`...), s.LinkTypes, appendUint)
	}
	return append(b, '}')
}

// The opt functions write a key and its value where the value is known.

func (a *appender) optTime(b []byte, key string, t *time.Time) []byte {
	if t == nil {
		return b
	}
	return a.day.append(append(b, key...), *t)
}

func optFloat(b []byte, key string, f *float64) []byte {
	if f == nil || !finite(*f) {
		return b
	}
	return appendFloat(append(b, key...), *f)
}

func optUint[T uint8 | uint16 | uint32 | uint64](b []byte, key string, n *T) []byte {
	if n == nil {
		return b
	}
	return appendUint(append(b, key...), uint64(*n))
}

func optInt(b []byte, key string, n *int) []byte {
	if n == nil {
		return b
	}
	return appendInt(append(b, key...), *n)
}

func optBool(b []byte, key string, v *bool) []byte {
	if v == nil {
		return b
	}
	return appendBool(append(b, key...), *v)
}

func optString(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(append(b, key...), s)
}
