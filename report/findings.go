package report

import "slices"

// findingIDs are in the order of a connection's life.
var findingIDs = []string{
	"simultaneous-open", "fast-open", "syn-retransmitted", "syn-ack-retransmitted", "handshake-ack-lost",
	"connection-refused", "connection-rejected", "connection-unanswered", "accept-queue-overflow", "syn-flood",
	"three-segment-close", "simultaneous-close", "lost-final-ack", "final-ack-unseen", "time-wait-missing",
	"fin-retransmitted", "half-close", "half-close-data-lost", "close-wait", "close-wait-leak",
	"fin-wait-1-stuck", "fin-wait-2-stuck", "last-ack-stuck", "application-silent",
	"reset-abort", "reset-no-such-connection", "reset-after-close", "reset-injected", "time-wait-assassination",
	"incarnation-reuse", "incarnation-reuse-refused", "incarnation-reuse-unsafe", "old-duplicate",
	"time-wait-pile-up", "time-wait-on-server", "port-exhaustion",
	"keepalive-alive", "keepalive-unanswered", "keepalive-reset", "middlebox-idle-timeout", "dead-peer",
	"peer-rebooted", "outage-recovered", "zero-window-stall",
	"capture-duplicates", "capture-loss", "two-taps", "one-way-capture", "mid-stream", "evicted", "fragment-attack",
}

// FindingIDs returns the ids that a Finding can have in this version. They
// are stable: ids are added, never renamed.
func FindingIDs() []string { return slices.Clone(findingIDs) }

// Severities and confidences, the worst and the surest last: how far a
// finding matters, and how far it is proved.
var (
	severities  = []string{"info", "notice", "warning", "critical"}
	confidences = []string{"low", "medium", "high"}
)

// SeverityRank is 0 for info to 3 for critical, -1 for anything else.
func SeverityRank(severity string) int { return slices.Index(severities, severity) }

// ConfidenceRank is 0 for low to 2 for high, -1 for anything else.
func ConfidenceRank(confidence string) int { return slices.Index(confidences, confidence) }
