package analyzer_test

import (
	"fmt"
	"io"
	"log"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
)

// Follow the connections of a capture, and say how each was closed and what
// state its ends are in.
func Example() {
	src, err := capture.Open([]string{"../testdata/pcaps/reuse-by-time-wait-holder/A.pcap"}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()

	a := analyzer.New(analyzer.Options{})
	tell := func() {
		for r := range a.Records() {
			switch r := r.(type) {
			case *report.Connection:
				fmt.Printf("#%d %v: %s by the %s, now %s / %s\n", r.ID, r.Client, r.Close.Kind,
					r.Close.FirstCloser, r.Endpoints.Client.State, r.Endpoints.Server.State)
			case *report.Finding:
				fmt.Printf("   %s: %s\n", r.Severity, r.ID)
			}
		}
	}
	var p capture.Packet
	for {
		err := src.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Print(err) // this input is damaged; others may follow
			continue
		}
		a.AddPacket(&p)
		tell()
	}
	a.Close()
	tell()
	// Output:
	// #1 192.0.2.8:40001: four-segment by the client, now CLOSED / CLOSED
	// #12 192.0.2.8:40001: four-segment by the client, now TIME-WAIT / CLOSED
	//    notice: incarnation-reuse
}

// A snapshot tells of the connections that are not over yet, at any moment.
func ExampleAnalyzer_Snapshot() {
	src, err := capture.Open([]string{"../testdata/pcaps/close-wait/B.pcap"}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	a := analyzer.New(analyzer.Options{})
	var p capture.Packet
	for src.Next(&p) == nil {
		a.AddPacket(&p)
	}
	for _, c := range a.Snapshot() {
		fmt.Println(c.Client, c.Endpoints.Client.State, c.Server, c.Endpoints.Server.State)
	}
	// Output:
	// 192.0.2.25:40001 FIN-WAIT-2 198.51.100.25:5000 CLOSE-WAIT
}
