package load

// event says that something is due at time t.
type event struct {
	t    int64 // nanoseconds since the Unix epoch
	conn *conn
}

// queue is a heap of events with four children to a node: half as many levels
// as with two, and children that lie side by side.
type queue []event

// push adds an event.
func (q *queue) push(e event) {
	*q = append(*q, e)
	h := *q
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 4
		if h[up].t <= e.t {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
}

// replace puts e in place of the first event. That of a connection is mostly
// followed by another, soon after: it does not sink far.
func (q queue) replace(e event) {
	i := 0
	for {
		child := 4*i + 1
		if child >= len(q) {
			break
		}
		least := child
		for k := child + 1; k < min(child+4, len(q)); k++ {
			if q[k].t < q[least].t {
				least = k
			}
		}
		if e.t <= q[least].t {
			break
		}
		q[i] = q[least]
		i = least
	}
	q[i] = e
}

// pop removes the first event.
func (q *queue) pop() {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	if last > 0 {
		q.replace(e)
	}
}
