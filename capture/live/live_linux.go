package live

import (
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/capture"
)

// maxFrame is the longest frame that is taken whole. Segmentation offload
// makes frames of 64 KiB, and BIG TCP of 512.
const maxFrame = 512 << 10

// Source is a live capture of one interface. It is not safe for concurrent
// use.
type Source struct {
	handle *pcapgo.EthernetHandle
	poll   []unix.PollFd
	wait   int // milliseconds
	index  int // of the interface
	info   capture.FileInfo
	tagged []byte // a frame with the VLAN tag that the kernel took off
	ended  bool
}

// Open begins to capture on the interface of that name. The caller closes the
// source.
func Open(name string, opt Options) (*Source, error) {
	iface, err := find(name)
	if err != nil {
		return nil, err
	}
	handle, err := pcapgo.NewEthernetHandle(name)
	if err != nil {
		return nil, openError(err)
	}
	s := &Source{handle: handle, index: iface.Index, wait: milliseconds(opt.Wait)}
	s.info = capture.FileInfo{Name: name, Format: "live", DroppedKnown: true}
	if err := s.prepare(iface, opt); err != nil {
		handle.Close()
		return nil, err
	}
	return s, nil
}

func milliseconds(d time.Duration) int {
	if d <= 0 {
		d = DefaultWait
	}
	return int(max(d.Milliseconds(), 1))
}

// openError makes of what NewEthernetHandle says, which hides its cause, an
// error that can be acted upon.
func openError(err error) error {
	if strings.HasSuffix(err.Error(), unix.EPERM.Error()) {
		return ErrPermission
	}
	return err
}

func (s *Source) prepare(iface *net.Interface, opt Options) error {
	fd, err := descriptor(s.handle)
	if err != nil {
		return err
	}
	s.poll = []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	link, err := linkType(fd)
	if err != nil {
		return err
	}
	s.info.Links = []capture.LinkType{link}
	if err := s.handle.SetCaptureLength(maxFrame); err != nil {
		return err
	}
	if opt.Promiscuous {
		if err := s.handle.SetPromiscuous(true); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	if iface.Flags&net.FlagLoopback != 0 {
		return s.handle.SetBPF(incomingOnly)
	}
	return nil
}

// descriptor returns the handle's socket, which it does not show. Without it
// nobody can wait for a packet and for something else at the same time.
func descriptor(h *pcapgo.EthernetHandle) (int, error) {
	fd := reflect.ValueOf(h).Elem().FieldByName("fd")
	if !fd.IsValid() || !fd.CanInt() {
		return 0, errors.New("this version of pcapgo.EthernetHandle is another than expected")
	}
	return int(fd.Int()), nil
}

// incomingOnly is the filter for loopback, where the kernel shows every packet
// twice, going out and coming in:
//
//	ld [SKF_AD_OFF + SKF_AD_PKTTYPE]; jeq #PACKET_OUTGOING, 0, 1; ret #0; ret #-1
var incomingOnly = []bpf.RawInstruction{
	{Op: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0xfffff000 + 4},
	{Op: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: unix.PACKET_OUTGOING},
	{Op: unix.BPF_RET, K: 0},
	{Op: unix.BPF_RET, K: 0xffffffff},
}

// linkTypes translates the kernel's hardware types (if_arp.h) to what a
// packet socket then shows.
var linkTypes = map[uint16]capture.LinkType{
	unix.ARPHRD_ETHER:    capture.LinkEthernet,
	unix.ARPHRD_LOOPBACK: capture.LinkEthernet,
	unix.ARPHRD_NONE:     capture.LinkRaw,
	unix.ARPHRD_RAWIP:    capture.LinkRaw,
	unix.ARPHRD_TUNNEL:   capture.LinkRaw,
	unix.ARPHRD_TUNNEL6:  capture.LinkRaw,
	unix.ARPHRD_SIT:      capture.LinkRaw,
	unix.ARPHRD_PPP:      capture.LinkRaw,
}

// linkType asks a bound packet socket for the type of its interface.
func linkType(fd int) (capture.LinkType, error) {
	address, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	bound, ok := address.(*unix.SockaddrLinklayer)
	if !ok {
		return 0, errors.New("the socket is no packet socket")
	}
	link, known := linkTypes[bound.Hatype]
	if !known {
		return 0, fmt.Errorf("interfaces of hardware type %d cannot be captured; tcpdump -U -w - | lastack live - may do it", bound.Hatype)
	}
	return link, nil
}

// Next fills p with the next packet, or returns ErrIdle, or once an
// *capture.Error and then io.EOF. p.Data is valid until the next call.
func (s *Source) Next(p *capture.Packet) error {
	if s.ended {
		return io.EOF
	}
	for {
		if err := s.ready(); err != nil {
			return err
		}
		data, ci, err := s.handle.ZeroCopyReadPacketData()
		if err != nil {
			return s.fail(err)
		}
		// Between the opening of the socket and its binding it takes the
		// packets of all interfaces.
		if ci.InterfaceIndex == s.index {
			s.fill(p, data, &ci)
			return nil
		}
	}
}

// ready waits until there is a packet to read, or an error.
func (s *Source) ready() error {
	for {
		n, err := unix.Poll(s.poll, s.wait)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return s.fail(err)
		case n == 0:
			return ErrIdle
		default:
			return nil
		}
	}
}

// fail ends the capture: with "network is down", for one.
func (s *Source) fail(err error) error {
	s.ended = true
	err = errors.New(strings.TrimPrefix(err.Error(), "couldn't read packet data: couldn't read packet: "))
	return &capture.Error{File: s.info.Name, Offset: -1, Err: err}
}

func (s *Source) fill(p *capture.Packet, data []byte, ci *gopacket.CaptureInfo) {
	f := &s.info
	t := ci.Timestamp.UnixNano()
	if f.Packets == 0 {
		f.First, f.Last = t, t
	}
	length := ci.Length
	if tag, ok := vlan(ci); ok && f.Links[0] == capture.LinkEthernet && len(data) >= macs {
		data = s.tag(data, tag)
		length += tagLen
	}
	f.Packets++
	f.Bytes += uint64(length)
	f.CapturedBytes += uint64(len(data))
	f.First, f.Last = min(f.First, t), max(f.Last, t)
	*p = capture.Packet{Number: f.Packets, Frame: f.Packets, Time: t, Link: f.Links[0], OrigLen: uint32(length), Data: data}
}

// vlan returns the VLAN tag that the kernel took out of the frame.
func vlan(ci *gopacket.CaptureInfo) (uint16, bool) {
	for _, a := range ci.AncillaryData {
		if tci, ok := a.(int); ok {
			return uint16(tci), true
		}
	}
	return 0, false
}

const (
	macs   = 12 // octets of addresses before a tag
	tagLen = 4
)

// tag puts a VLAN tag back where it was on the wire.
func (s *Source) tag(frame []byte, tci uint16) []byte {
	s.tagged = append(s.tagged[:0], frame[:macs]...)
	s.tagged = append(s.tagged, 0x81, 0x00, byte(tci>>8), byte(tci))
	s.tagged = append(s.tagged, frame[macs:]...)
	return s.tagged
}

// Files describes the capture so far, as a set of one: with what the kernel
// dropped because it was not read in time.
func (s *Source) Files() []capture.FileInfo {
	// The kernel counts anew after each call.
	if stats, err := s.handle.Stats(); err == nil {
		s.info.Dropped += uint64(stats.Drops)
	} else {
		s.info.DroppedKnown = false
	}
	return []capture.FileInfo{s.info}
}

// Close ends the capture.
func (s *Source) Close() error {
	s.handle.Close()
	return nil
}
