package capture_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/lastack/lastack/capture"
)

func ExampleOpen() {
	set, err := capture.Open([]string{"../testdata/pcaps/refused"}, capture.Options{})
	if err != nil {
		fmt.Println(err) // nothing can be read
		return
	}
	defer set.Close()
	var p capture.Packet
	for {
		err := set.Next(&p)
		if err == io.EOF {
			break
		}
		if failed, ok := errors.AsType[*capture.Error](err); ok {
			fmt.Println(failed) // of this input nothing more comes; go on with the others
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, f := range set.Files() {
		fmt.Println(f.Name, f.Format, f.Links, f.Packets)
	}
	// Output:
	// ../testdata/pcaps/refused/A.pcap pcap [EN10MB] 2
	// ../testdata/pcaps/refused/B.pcap pcap [EN10MB] 2
}
