// Package huge asks the kernel to lay large pieces of memory on large pages.
//
// Connections are met in no order, and of a hundred megabytes of them nearly each lies on
// a page whose address the processor has forgotten. To find it again takes several reads,
// twice as many in a virtual machine. Of pages of 2 MiB it remembers enough.
//
// Linux has them for whoever asks, if transparent_hugepage is "madvise", as most
// distributions have it, or "always". Elsewhere nothing happens, which changes no result.
package huge

// PageSize is that of a large page, in octets, of nearly every processor.
const PageSize = 2 << 20
