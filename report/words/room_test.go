package words

import (
	"fmt"
	"strings"
	"testing"
)

// TestRoom: texts stay as they were, whatever comes after them, long ones too.
func TestRoom(t *testing.T) {
	var r Room
	var got, want []string
	for i := range 1000 {
		text := strings.Repeat(fmt.Sprint(i, " "), 1+i*i%601)
		want = append(want, text)
		if i%2 == 0 {
			got = append(got, r.Text([]byte(text)))
			continue
		}
		b, from := r.Begin()
		b.WriteString(text)
		got = append(got, b.String()[from:])
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("text %d became %.40q", i, got[i])
		}
	}
	short := []byte("198.51.100.1")
	if n := testing.AllocsPerRun(1000, func() { r.Text(short) }); n > 0.5 {
		t.Errorf("%v allocations for a short text", n)
	}
}
