package live

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Options say how to capture. The zero value captures what the host itself
// sends and receives.
type Options struct {
	// Promiscuous also takes what is for other hosts.
	Promiscuous bool
	// Wait is how long Next waits for a packet before it returns ErrIdle; 0 is
	// DefaultWait.
	Wait time.Duration
}

// DefaultWait is how long Next waits when nothing else is asked for.
const DefaultWait = 250 * time.Millisecond

var (
	// ErrIdle is what Next returns when no packet came for Options.Wait. All
	// packets that had come before it began to wait were returned. The next
	// call waits again.
	ErrIdle = errors.New("no packet in this time")
	// ErrUnsupported is the error of Open on other systems than Linux.
	ErrUnsupported = errors.New("live capture is only supported on Linux; elsewhere: tcpdump -U -w - | lastack live -")
	// ErrPermission is wrapped by the error of Open without the right to
	// capture.
	ErrPermission = errors.New("no permission to capture (root or CAP_NET_RAW is needed)")
)

// UnknownInterfaceError is the error of Open for an interface that there is
// not.
type UnknownInterfaceError struct {
	Name  string
	Known []string // those that there are
}

// Error names the interfaces that there are.
func (e *UnknownInterfaceError) Error() string {
	return fmt.Sprintf("there is no interface %s (there are: %s)", e.Name, strings.Join(e.Known, ", "))
}

// find returns the interface of a name.
func find(name string) (*net.Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	unknown := UnknownInterfaceError{Name: name}
	for i := range list {
		if list[i].Name == name {
			return &list[i], nil
		}
		unknown.Known = append(unknown.Known, list[i].Name)
	}
	return nil, &unknown
}
