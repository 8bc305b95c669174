package analyzer

import (
	"reflect"
	"slices"
	"testing"

	"github.com/lastack/lastack/reassembly"
)

// TestPackWhole: nothing of a connection is forgotten. A field that is new must be
// packed too, or stand here.
func TestPackWhole(t *testing.T) {
	apart := map[string]bool{"self": true, "queued": true, "trail": true, "weight": true, "kinds": true, "room": true, "_": true, "older": true, "phase": true,
		"x": true, "tuple": true, "id": true, "gaps": true}
	var n uint64
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem() // also what is not exported
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if !apart[v.Type().Field(i).Name] {
					fill(v.Field(i))
				}
			}
		case reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 3, 3))
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			n += 3
			v.SetUint(n)
		case reflect.Int32, reflect.Int64:
			n += 3
			v.SetInt(int64(n))
		default:
			t.Fatalf("%v: what is that?", v.Type())
		}
	}
	in := &connection{}
	fill(reflect.ValueOf(in).Elem())
	in.flip, in.client = 1, 1
	for i := range in.ep {
		in.ep[i].sp.Known = ^reassembly.Known(0)
	}
	for i := range in.events {
		e := &in.events[i]
		e.sym, e.side, e.basis = e.sym%16, e.side%2, e.basis%6
	}
	var d dormitory
	d.begin(0)
	k := &d.packer
	k.Begin()
	in.pack(k)
	octets, ok := k.Octets()
	k.From(slices.Clone(octets))
	back := &connection{}
	if back.pack(k); !ok {
		t.Error("it cannot be packed")
	}
	if !reflect.DeepEqual(in, back) {
		t.Errorf("%+v\nbecame\n%+v", in, back)
	}
}
