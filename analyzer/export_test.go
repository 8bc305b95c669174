package analyzer

import "math"

// SleepSoon lets connections sleep as soon as they can, or never.
func (p *Pool) SleepSoon(soon bool) {
	for _, a := range p.parts {
		a.dorm.drowsiness = drowsiness{awake: math.MaxInt}
		if soon {
			a.dorm.drowsiness = drowsiness{idle: math.MinInt64 / 2, looks: slabSize}
		}
	}
}

// Held returns how often a connection was woken, and how much is held.
func (p *Pool) Held() (woken, connections int, octets int64) {
	for _, a := range p.parts {
		woken += a.dorm.woken
		connections += a.live + a.dorm.taken() + a.slab.taken()
		octets += a.octets
	}
	return woken, connections, octets
}
