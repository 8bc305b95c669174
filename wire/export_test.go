package wire

// FragmentsHeld is how many datagrams a decoder remembers.
func FragmentsHeld(d *Decoder) int { return max(len(d.fragments.held), len(d.fragments.queue)) }
