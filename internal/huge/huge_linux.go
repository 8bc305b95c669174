package huge

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Advise asks for large pages under list, as far as it covers them whole. What is not
// touched still takes no memory; what is, in pieces of PageSize.
func Advise[T any](list []T) {
	n := uintptr(cap(list)) * unsafe.Sizeof(*new(T))
	if n < PageSize {
		return
	}
	octets := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), n)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(octets))) % PageSize
	if whole := (n - skip) &^ (PageSize - 1); skip < n && whole > 0 {
		_ = unix.Madvise(octets[skip:skip+whole], unix.MADV_HUGEPAGE) // if it is refused, pages are small
	}
}
