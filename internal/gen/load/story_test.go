package load

import "testing"

// No move waits for one that is not there, and weights are shares of a
// thousand.
func TestStories(t *testing.T) {
	check := func(table string, row int, moves []move) {
		for i, m := range moves {
			if m.back == 0 || i > 0 && int(m.back) > i || int(m.back) > len(conn{}.when) {
				t.Errorf("%s, row %d, move %d waits from %d moves before", table, row, i, m.back)
			}
		}
	}
	total := 0
	for i, o := range openings {
		check("openings", i, o.moves)
		total += o.weight
	}
	if total != 1000 {
		t.Errorf("the openings weigh %d", total)
	}
	total = 0
	for i, c := range closings {
		check("closings", i, c.moves)
		total += c.weight
	}
	if total != 1000 {
		t.Errorf("the closings weigh %d", total)
	}
	for i, r := range reuses {
		check("reuses", i, r.moves)
	}
	for i := range keepalives {
		check("keepalives", i, keepalives[i])
	}
	for i := range repairs {
		check("repairs", i, repairs[i])
	}
}

// Every row of every table is played.
func TestEveryStoryIsTold(t *testing.T) {
	cfg := Default()
	cfg.Packets, cfg.Connections, cfg.Reuse = 200_000, 20_000, 0.1
	opened, closed := map[int]int{}, map[int]int{}
	cfg.Ended = func(o *Outcome) { opened[o.Opening]++; closed[o.Closing]++ }
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	played := map[*move]int{}
	for len(g.queue) > 0 || g.opened < cfg.Connections {
		if g.opened < cfg.Connections && (len(g.queue) == 0 || g.arrival <= g.queue[0].t) {
			g.arrive()
			continue
		}
		if c := g.queue[0].conn; c.flight.n == 0 {
			played[&c.moves[0]]++
		}
		if g.step() {
			g.truth.Packets++
		}
	}
	g.settle()
	for i := range openings {
		if opened[i] == 0 {
			t.Errorf("opening %d never occurs", i)
		}
	}
	for i := range closings {
		if closed[i] == 0 {
			t.Errorf("closing %d never occurs", i)
		}
	}
	for _, acts := range [][][]move{keepalives, repairs, {defended}} {
		for i := range acts {
			if played[&acts[i][0]] == 0 {
				t.Errorf("act %d of %d never occurs", i, len(acts))
			}
		}
	}
	for _, kind := range []string{"superseded", "none", "half-closed"} {
		if g.truth.ByClose[kind] == 0 {
			t.Errorf("nothing is %s", kind)
		}
	}
	if g.truth.ByResetCause["challenge"] == 0 || g.truth.ByOpen[midStream.kind] == 0 {
		t.Errorf("%+v", g.truth)
	}
}
