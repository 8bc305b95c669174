package report

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// The appenders below write JSON values to the end of a buffer, without
// reflection and, but for odd values in a map, without allocating.

func appendString(b []byte, s string) []byte {
	if !plain(s) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plain reports whether every byte of s stands for itself in a JSON string:
// printable ASCII but the quote and the backslash. It looks at eight bytes at
// a time, at some of them twice.
func plain(s string) bool {
	b := []byte(s) // no copy: nothing writes to it
	n := len(b)
	switch {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			if special(binary.LittleEndian.Uint64(b[i:])) {
				return false
			}
		}
		return !special(binary.LittleEndian.Uint64(b[n-8:]))
	case n >= 4:
		lo, hi := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		return !special(uint64(lo) | uint64(hi)<<32)
	case n > 0:
		return !special(uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16 | 0x2020202020<<24)
	}
	return true
}

// special reports whether one of the eight bytes of x is not plain. Each term
// sets the high bit of such a byte; it may do so for a byte above one as well,
// which does not matter to who asks for any.
func special(x uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return (x|(x+ones)|(x-ones*' ')|((x^ones*'"')-ones)|((x^ones*'\\')-ones))&highs != 0
}

// appendEscaped writes a string that is not plain. Whatever a terminal could
// take for a command (control and bidirectional characters) is escaped, so
// that a record can be looked at raw.
func appendEscaped(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == utf8.RuneError && n == 1:
			b = utf8.AppendRune(b, utf8.RuneError)
		case Hostile(r):
			b = appendUnicodeEscape(b, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}

// appendUnicodeEscape writes r as \uXXXX, as a surrogate pair where it needs
// one.
func appendUnicodeEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	if r > 0xffff {
		r -= 0x10000
		b = appendUnicodeEscape(b, 0xd800+r>>10)
		return appendUnicodeEscape(b, 0xdc00+r&0x3ff)
	}
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendFloat writes a number; what JSON cannot say becomes 0.
func appendFloat(b []byte, f float64) []byte {
	if !finite(f) {
		return append(b, '0')
	}
	// Nearly every duration is a whole number of nanoseconds. Written as such
	// it reads back as the same float64, and that is ten times cheaper than
	// looking for the shortest form.
	const exact = 1 << 53
	if n := math.Round(f * 1e9); math.Abs(n) < exact && n/1e9 == f && n != 0 {
		return appendNano(b, int64(n))
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// appendNano writes n billionths as a decimal fraction without trailing
// zeros.
func appendNano(b []byte, n int64) []byte {
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendInt(b, n/1e9, 10)
	if n %= 1e9; n == 0 {
		return b
	}
	b = append(b, '.')
	b = appendDigits9(b, uint32(n))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// finite reports whether JSON has a number for f.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// appendDigits9 writes n < 1e9 as nine digits.
func appendDigits9(b []byte, n uint32) []byte {
	hi, lo := n/1e5, n%1e5
	a, e, c, f := hi/100*2, hi%100*2, lo/1000*2, lo/10%100*2
	return append(b, twoDigits[a], twoDigits[a+1], twoDigits[e], twoDigits[e+1],
		twoDigits[c], twoDigits[c+1], twoDigits[f], twoDigits[f+1], byte('0'+lo%10))
}

func appendUint[T uint | uint8 | uint16 | uint32 | uint64](b []byte, n T) []byte {
	if n < 10 {
		return append(b, byte('0'+n))
	}
	return appendDecimal(b, uint64(n))
}

// twoDigits are the numbers from 00 to 99.
const twoDigits = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// appendDecimal is strconv.AppendUint for base 10 and n > 0, in a third of the
// time.
func appendDecimal(b []byte, n uint64) []byte {
	from := len(b)
	i := from + digits(n)
	b = slices.Grow(b, i-from)[:i]
	for n >= 100 {
		rest := n % 100 * 2
		n /= 100
		i -= 2
		b[i], b[i+1] = twoDigits[rest], twoDigits[rest+1]
	}
	if n >= 10 {
		b[i-1] = byte('0' + n%10)
		n /= 10
	}
	b[from] = byte('0' + n)
	return b
}

// tens are the powers of ten from 1.
var tens = func() (list [20]uint64) {
	p := uint64(1)
	for i := range list {
		list[i] = p
		p *= 10
	}
	return list
}()

// digits is how many decimal digits n > 0 has.
func digits(n uint64) int {
	least := bits.Len64(n) * 1233 >> 12 // log10(2) is 1233/4096
	if n >= tens[least] {
		least++
	}
	return least
}

func appendInt(b []byte, n int) []byte {
	if n < 0 {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return appendUint(b, uint(n))
}

func appendBool(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// appendIP writes an address; the zero Addr is the empty string.
func appendIP(b []byte, ip netip.Addr) []byte {
	if ip.Zone() != "" {
		return appendString(b, ip.String()) // a zone is any text
	}
	b = append(b, '"')
	if ip.IsValid() {
		b = ip.AppendTo(b)
	}
	return append(b, '"')
}

// dayCache remembers the last date and time of day written: within a
// connection, and nearly always within a capture, the date is the same, and the
// second is often.
type dayCache struct {
	day, sec int64 // days and seconds since the Unix epoch
	text     [len("2006-01-02T15:04:05.")]byte
}

const daySeconds = 24 * 60 * 60

// lastTime is the last moment that RFC 3339 can write.
var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)

// append writes t in UTC with nine digits of the second, always, so that
// times of one file compare as text. Years that RFC 3339 cannot write are
// clamped.
func (d *dayCache) append(b []byte, t time.Time) []byte {
	sec := t.Unix()
	if sec != d.sec || d.text[0] == 0 {
		day := sec / daySeconds
		if sec < 0 || day != d.day || d.text[0] == 0 {
			return d.appendSlow(b, t)
		}
		d.sec = sec
		d.setClock(uint32(sec % daySeconds))
	}
	b = append(b, '"')
	b = append(b, d.text[:]...)
	b = appendDigits9(b, uint32(t.Nanosecond()))
	return append(b, `Z"`...)
}

// setClock writes the time of day, s seconds after midnight, into the text.
func (d *dayCache) setClock(s uint32) {
	const from = len("2006-01-02T")
	clock := d.text[from:]
	for i, n := range [3]uint32{s / 3600, s / 60 % 60, s % 60} {
		clock[3*i], clock[3*i+1] = byte('0'+n/10), byte('0'+n%10)
	}
}

func (d *dayCache) appendSlow(b []byte, t time.Time) []byte {
	t = t.UTC()
	switch {
	case t.Year() > 9999:
		t = lastTime
	case t.Year() < 0:
		t = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Unix() >= 0:
		d.sec, d.day = t.Unix(), t.Unix()/daySeconds
		t.AppendFormat(d.text[:0], "2006-01-02T15:04:05.")
	}
	return t.AppendFormat(b, `"2006-01-02T15:04:05.000000000Z"`)
}

// appendList writes a list through one of the appenders; nil is the empty
// list.
func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

// appendMap writes a map with its keys sorted; nil is the empty object.
func appendMap[T any](b []byte, m map[string]T, one func([]byte, T) []byte) []byte {
	var room [16]string
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
		b = append(b, ':')
		b = one(b, m[k])
	}
	return append(b, '}')
}

// appendAny writes one of the values that Capture.Options, and now and then
// Values, hold. What no appender knows goes through encoding/json; what JSON cannot
// say at all becomes null.
func appendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return appendBool(b, v)
	case int:
		return appendInt(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint32:
		return appendUint(b, v)
	case uint64:
		return appendUint(b, v)
	case float64:
		if !finite(v) {
			return append(b, "null"...)
		}
		return appendFloat(b, v)
	case []string:
		return appendList(b, v, appendString)
	case []any:
		return appendList(b, v, appendAny)
	case map[string]any:
		return appendMap(b, v, appendAny)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}
