package story

import "slices"

// List returns all stories, in the order of their telling, the variants of
// the core stories last.
func List() []Story {
	all := slices.Concat(opening, closing, resets, timeWait, idle, network)
	for _, s := range all {
		if core[s.Name] {
			all = append(all, variants(s)...)
		}
	}
	return all
}
