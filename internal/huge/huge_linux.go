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

// Populate lets list have its memory now, as far as it has pages of its own. If it is met
// first by who only reads, the garbage collector or a search in a table, the kernel gives a
// page of zeros that all share, and takes it back, on all processors, with the first write.
func Populate[T any](list []T) {
	page := uintptr(unix.Getpagesize())
	from := uintptr(unsafe.Pointer(unsafe.SliceData(list)))
	to := (from + uintptr(cap(list))*unsafe.Sizeof(*new(T))) &^ (page - 1)
	if from = (from + page - 1) &^ (page - 1); from < to {
		// If it is refused, as before Linux 5.14, pages come one by one.
		_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_POPULATE_WRITE)
	}
}
