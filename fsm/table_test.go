package fsm
import "testing"
func TestTotal(t *testing.T){ var n [NumStates][NumSymbols]int
 for _,r:=range Table{ for s:=range State(NumStates){ if r.From.Has(s){n[s][r.On]++}}}
 for s:=range State(NumStates){ for y:=range Symbol(NumSymbols){ if n[s][y]!=1 {t.Errorf("%v %v: %d rows",s,y,n[s][y])}}}}
