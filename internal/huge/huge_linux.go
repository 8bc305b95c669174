package huge

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Advise asks for large pages under list, if it is large: also for those that it begins and
// ends in, and what else is there. What is not touched still takes no memory; what is, in
// pieces of PageSize.
func Advise[T any](list []T) {
	n := uintptr(cap(list)) * unsafe.Sizeof(*new(T))
	if n < PageSize/4 {
		return
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(list)))
	to := (from + n + PageSize - 1) &^ (PageSize - 1)
	from &^= PageSize - 1
	// If it is refused, pages are small.
	_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
}
