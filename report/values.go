package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// Values are the numbers of a finding, and the few words that go with them, in
// the order of their names, each name once (see NewValues). In JSON they are an
// object. They are a list and not a map since there is one for each finding,
// with a handful of entries.
type Values []Value

// Value is one of Values: a name, and a number, a truth value or anything else
// that JSON can say.
type Value struct {
	Name  string
	kind  valueKind
	bits  uint64
	other any // with kindOther
}

type valueKind uint8

const (
	kindOther valueKind = iota
	kindNatural
	kindNegative // bits is the number without its sign
	kindFloat
	kindTrue
	kindFalse
)

// Int is a Value that is a whole number.
func Int[T int | int64 | uint32 | uint64](name string, n T) Value {
	if n < 0 {
		return Value{Name: name, kind: kindNegative, bits: -uint64(n)}
	}
	return Value{Name: name, kind: kindNatural, bits: uint64(n)}
}

// Float is a Value that is a number, such as a time in seconds.
func Float(name string, f float64) Value {
	return Value{Name: name, kind: kindFloat, bits: math.Float64bits(f)}
}

// Bool is a Value that is true or false.
func Bool(name string, v bool) Value {
	if v {
		return Value{Name: name, kind: kindTrue}
	}
	return Value{Name: name, kind: kindFalse}
}

// Any is a Value that is anything else, such as a string or a list of them.
func Any(name string, v any) Value { return Value{Name: name, other: v} }

// Any returns what v holds: a uint64, an int64 if it is negative, a float64, a
// bool or what Any was given.
func (v *Value) Any() any {
	switch v.kind {
	case kindNatural:
		return v.bits
	case kindNegative:
		return -int64(v.bits)
	case kindFloat:
		return math.Float64frombits(v.bits)
	case kindTrue, kindFalse:
		return v.kind == kindTrue
	}
	return v.other
}

// NewValues puts values in order and returns them; of those with the same name
// the last stays. It keeps the list.
func NewValues(list ...Value) Values {
	for i := 1; i < len(list); i++ { // a handful, mostly in order
		for k := i; k > 0 && list[k].Name < list[k-1].Name; k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
	kept := list[:0]
	for i := range list {
		if n := len(kept); n > 0 && kept[n-1].Name == list[i].Name {
			kept[n-1] = list[i]
			continue
		}
		kept = append(kept, list[i])
	}
	return kept
}

// Get returns the value of a name, as Value.Any does; nil if there is none.
func (list Values) Get(name string) any {
	i, ok := slices.BinarySearchFunc(list, name, func(v Value, name string) int { return cmp.Compare(v.Name, name) })
	if !ok {
		return nil
	}
	return list[i].Any()
}

// MarshalJSON writes the object.
func (list Values) MarshalJSON() ([]byte, error) { return appendValues(nil, list), nil }

// UnmarshalJSON reads the object. Numbers come as json.Number.
func (list *Values) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return err
	}
	all := make([]Value, 0, len(m))
	for name, v := range m {
		all = append(all, Any(name, v))
	}
	*list = NewValues(all...)
	return nil
}

func appendValues(b []byte, list Values) []byte {
	b = append(b, '{')
	for i := range list {
		b = appendString(comma(b, i), list[i].Name)
		b = append(b, ':')
		b = appendValue(b, &list[i])
	}
	return append(b, '}')
}

func appendValue(b []byte, v *Value) []byte {
	switch v.kind {
	case kindNatural:
		return appendUint(b, v.bits)
	case kindNegative:
		return strconv.AppendInt(b, -int64(v.bits), 10)
	case kindFloat:
		if f := math.Float64frombits(v.bits); finite(f) {
			return appendFloat(b, f)
		}
		return append(b, "null"...)
	case kindTrue, kindFalse:
		return appendBool(b, v.kind == kindTrue)
	}
	return appendAny(b, v.other)
}
