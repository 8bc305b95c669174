package report_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lastack/lastack/report"
)

func ExampleEncoder() {
	e := report.NewEncoder(os.Stdout)
	err := e.Add(&report.Capture{
		Schema: report.Schema, Version: "1.0",
		Files:       []report.File{{Name: "a.pcap", Format: "pcap"}},
		Assumptions: report.Assumptions{MSL: 30, Stack: "linux"},
	})
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"type":"capture","schema":"lastack/1","version":"1.0","files":[{"name":"a.pcap","format":"pcap"}],"options":{},"assumptions":{"msl_s":30,"stack":"linux"}}
}

// What analyze wrote is read back a record at a time.
func ExampleReader() {
	stream := `{"type":"finding","id":"close-wait-leak","severity":"critical","connections":[17,44]}
{"type":"summary","connections":1204}
`
	r := report.NewReader(strings.NewReader(stream))
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		switch rec := rec.(type) {
		case *report.Finding:
			fmt.Println(rec.Severity, rec.ID, rec.Connections)
		case *report.Summary:
			fmt.Println(rec.Connections, "connections")
		}
	}
	// Output:
	// critical close-wait-leak [17 44]
	// 1204 connections
}
