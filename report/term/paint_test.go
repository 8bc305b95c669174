package term

import (
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestContrast: every colour is read on a black and on a white ground.
func TestContrast(t *testing.T) {
	codes := maps.Clone(states)
	maps.Copy(codes, severities)
	for name, code := range codes {
		_, number, ok := strings.Cut(code, "38;5;")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 16 {
			t.Fatalf("%s: %q", name, code)
		}
		l := luminance(n)
		if white, black := 1.05/(l+0.05), (l+0.05)/0.05; white < 3 || black < 3 {
			t.Errorf("%s: colour %d has %.1f on white and %.1f on black", name, n, white, black)
		}
	}
}

// luminance is that of one of the 256 colours, by WCAG 2.
func luminance(n int) float64 {
	var rgb [3]float64
	for i := range rgb {
		v := 8 + 10*(n-232) // a grey
		if n < 232 {
			step := []int{(n - 16) / 36, (n - 16) / 6 % 6, (n - 16) % 6}[i]
			v = 0
			if step > 0 {
				v = 55 + 40*step
			}
		}
		c := float64(v) / 255
		if rgb[i] = c / 12.92; c > 0.04045 {
			rgb[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2]
}
