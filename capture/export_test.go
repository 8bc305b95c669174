package capture

// LimitFiles bounds the descriptors of s, and OpenFiles counts them.
func LimitFiles(s *Set, n int) { s.files.max = n }
func OpenFiles(s *Set) int     { return len(s.files.open) }
func ActiveReaders(s *Set) (n int) {
	for _, m := range s.members {
		if m.reader != nil {
			n++
		}
	}
	return n
}

const MaxActive = maxActive
