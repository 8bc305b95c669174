package story

import "slices"

// List returns all stories, in the order of their telling, their
// variants last.
func List() []Story {
	all := slices.Concat(opening, closing, resets, timeWait, idle, network, calls, many)
	for _, s := range all {
		switch {
		case core[s.Name]:
			all = append(all, variants(s)...)
		case both[s.Name]:
			all = append(all, overIPv6(s))
		}
	}
	return all
}
