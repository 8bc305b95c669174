// Package crew lets several workers share a stream of jobs. It is where the
// analysis, which starts no goroutine itself, gets its processors from.
package crew

import "sync/atomic"

// Crew hands every job to all of its workers. Each takes them in the order in
// which they were put, so what a worker keeps for itself needs no lock.
//
// Put, Next and Close are for one goroutine.
type Crew[T any] struct {
	run    func(worker int, job T)
	queues []chan *task[T] // one for each worker; none when there is but one
	oldest []*task[T]      // put, and not yet returned by Next
}

// task is a job under way.
type task[T any] struct {
	job  T
	left atomic.Int32  // workers that are not done with it
	done chan struct{} // closed by the last
}

// New starts a crew. Each worker calls run for each job. One worker alone is no
// goroutine: Put does its work.
func New[T any](workers, depth int, run func(worker int, job T)) *Crew[T] {
	c := &Crew[T]{run: run}
	if workers < 2 {
		return c
	}
	for w := range workers {
		queue := make(chan *task[T], depth)
		c.queues = append(c.queues, queue)
		go func() {
			for t := range queue {
				run(w, t.job)
				if t.left.Add(-1) == 0 {
					close(t.done)
				}
			}
		}()
	}
	return c
}

// Workers is how many they are.
func (c *Crew[T]) Workers() int { return max(len(c.queues), 1) }

// Put hands out a job. It waits while a worker has depth jobs before it.
func (c *Crew[T]) Put(job T) {
	t := &task[T]{job: job}
	c.oldest = append(c.oldest, t)
	if len(c.queues) == 0 {
		c.run(0, job)
		return
	}
	t.done = make(chan struct{})
	t.left.Store(int32(len(c.queues)))
	for _, queue := range c.queues {
		queue <- t
	}
}

// Under is how many jobs were put and not returned by Next.
func (c *Crew[T]) Under() int { return len(c.oldest) }

// Next waits until all workers are done with the oldest job, and returns it.
func (c *Crew[T]) Next() T {
	t := c.oldest[0]
	c.oldest[0] = nil
	c.oldest = c.oldest[1:]
	if t.done != nil {
		<-t.done
	}
	return t.job
}

// Ready reports whether Next would not wait.
func (c *Crew[T]) Ready() bool {
	if len(c.oldest) == 0 {
		return false
	}
	if c.oldest[0].done == nil {
		return true
	}
	select {
	case <-c.oldest[0].done:
		return true
	default:
		return false
	}
}

// Close lets the workers go when they are done with what was put.
func (c *Crew[T]) Close() {
	for _, queue := range c.queues {
		close(queue)
	}
	c.queues = nil
}
