// Package judge holds the analyzer's records against what the kernels
// themselves said: the truth.json that the lab writes beside its captures.
//
// At an endpoint's own tap the records should have exactly the kernel's states.
// At the other tap some of them cannot be known; what is claimed there as sent
// or confirmed must not contradict the kernel. exceptions.txt names every
// endpoint of a story that is not exact at a tap, and why it cannot be.
//
// Unlike the rest of the lab it needs neither root nor Linux.
package judge
