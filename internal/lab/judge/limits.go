package judge

import "github.com/lastack/lastack/analyzer/detect"

// lowered are thresholds for stories that would otherwise have to last for a minute, or
// be of a thousand connections.
var lowered = map[string][][2]string{
	"close-wait-leak":        {{"close-wait", "6s"}},
	"time-wait-pile-up":      {{"time-wait", "100"}},
	"time-wait-on-server":    {{"time-wait", "100"}},
	"time-wait-recycled":     {{"time-wait", "40"}},
	"middlebox-idle-timeout": {{"idle", "1s"}},
}

// Limits are the thresholds by which a story's captures are looked at for findings.
func Limits(story string) *detect.Limits {
	limits := detect.Defaults()
	for _, l := range lowered[story] {
		if err := limits.Set(l[0], l[1]); err != nil {
			panic(err) // a name of the table above
		}
	}
	return limits
}
