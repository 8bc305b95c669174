package sample

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
)

// hostile are strings that somebody who wants to fool a reader would send.
var hostile = []string{
	"", "plain", "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "a\nb\r\nc\td", "nul\x00", "\x7f\u0080\u009b31m",
	"right\u202eto left\u202c", "\u2066isolate\u2069", "zero\u200bwidth\ufeff", "line\u2028separator\u2029",
	"\xff\xfe broken \xc3", "\xed\xa0\x80 surrogate", "a|b`c`<script>alert(1)</script>&amp;", `quote " back \ slash`,
	"# heading", "```", "[x](javascript:alert(1))", "日本語のファイル.pcap", "ünïcödé", "tag\U000e0041", "\U0001f600",
	strings.Repeat("long", 60), strings.Repeat("\u0301", 9), "  spaces  ", "--", "\\x1b",
}

// Strings returns the hostile strings.
func Strings() []string { return hostile }

// Fill sets every field below v, a pointer, to something random: pointers to
// nil half of the time, strings to hostile ones, lists and maps to up to
// three elements.
func Fill(r *rand.Rand, v any) { fill(r, reflect.ValueOf(v).Elem()) }

// Record returns a random record with its type set.
func Record(r *rand.Rand) report.Record {
	switch r.IntN(4) {
	case 0:
		c := &report.Capture{}
		Fill(r, c)
		c.Type = "capture"
		return c
	case 1:
		f := &report.Finding{}
		Fill(r, f)
		f.Type = "finding"
		return f
	case 2:
		s := &report.Summary{}
		Fill(r, s)
		s.Type = "summary"
		return s
	}
	c := &report.Connection{}
	Fill(r, c)
	c.Type = "connection"
	return c
}

var (
	timeType = reflect.TypeFor[time.Time]()
	addrType = reflect.TypeFor[netip.Addr]()
	listType = reflect.TypeFor[report.Values]()
)

func fill(r *rand.Rand, v reflect.Value) {
	switch v.Type() {
	case timeType:
		v.Set(reflect.ValueOf(randomTime(r)))
		return
	case addrType:
		v.Set(reflect.ValueOf(randomAddr(r)))
		return
	case listType:
		v.Set(reflect.ValueOf(randomValues(r)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Pointer:
		v.SetZero()
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Slice:
		n := r.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		fillMap(r, v)
	case reflect.Interface:
		v.Set(reflect.ValueOf(randomValue(r)))
	default:
		fillScalar(r, v)
	}
}

func fillMap(r *rand.Rand, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	for i := range r.IntN(4) {
		e := reflect.New(v.Type().Elem()).Elem()
		fill(r, e)
		v.SetMapIndex(reflect.ValueOf(fmt.Sprint(i, randomString(r))), e)
	}
}

func fillScalar(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomString(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat(randomFloat(r))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	default:
		panic("sample: no filling for " + v.Type().String())
	}
}

func randomString(r *rand.Rand) string {
	if r.IntN(3) > 0 {
		return hostile[r.IntN(len(hostile))]
	}
	b := make([]byte, r.IntN(12))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func randomFloat(r *rand.Rand) float64 {
	switch r.IntN(5) {
	case 0:
		return 0
	case 1: // a duration measured: whole nanoseconds
		return float64(r.Int64N(1<<r.IntN(62)+1)) / 1e9
	case 2:
		return -r.Float64()
	case 3:
		return r.NormFloat64() * 1e30
	}
	return r.Float64() * 1e-12
}

func randomTime(r *rand.Rand) time.Time {
	return time.Unix(r.Int64N(8e9)-2e9, r.Int64N(1e9)).UTC()
}

func randomAddr(r *rand.Rand) netip.Addr {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	switch r.IntN(5) {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.AddrFrom16(b)
	case 2:
		return netip.MustParseAddr("::ffff:192.0.2.1")
	case 3:
		return netip.AddrFrom16(b).WithZone("eth0")
	}
	return netip.AddrFrom4([4]byte(b[:4]))
}

func randomValues(r *rand.Rand) report.Values {
	list := make([]report.Value, r.IntN(5))
	for i := range list {
		name := fmt.Sprint((i*3+1)%5, randomString(r)) // not in order
		switch r.IntN(5) {
		case 0:
			list[i] = report.Int(name, r.Int64()-r.Int64())
		case 1:
			list[i] = report.Int(name, r.Uint64())
		case 2:
			list[i] = report.Float(name, randomFloat(r))
		case 3:
			list[i] = report.Bool(name, r.IntN(2) == 0)
		case 4:
			list[i] = report.Any(name, randomValue(r))
		}
	}
	return report.NewValues(list...)
}

// randomValue is what Values and Capture.Options may hold.
func randomValue(r *rand.Rand) any {
	switch r.IntN(9) {
	case 0:
		return randomFloat(r)
	case 1:
		return r.Int()
	case 2:
		return r.Uint64()
	case 3:
		return []string{randomString(r)}
	case 4:
		return []any{randomString(r), 1, nil}
	case 5:
		return map[string]any{"deep": randomString(r)}
	case 6:
		return struct {
			Odd string `json:"odd"`
		}{"value"}
	case 7:
		return r.IntN(2) == 0
	}
	return randomString(r)
}
