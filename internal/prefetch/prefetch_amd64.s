//go:build !purego

#include "textflag.h"

// func Lines(p unsafe.Pointer, n int)
TEXT ·Lines(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX

next:
	PREFETCHT0 (AX)
	ADDQ       $64, AX
	DECQ       CX
	JNZ        next
	RET

// func Four(p, q, r unsafe.Pointer)
TEXT ·Four(SB), NOSPLIT, $0-24
	MOVQ       p+0(FP), AX
	MOVQ       q+8(FP), CX
	MOVQ       r+16(FP), DX
	PREFETCHT0 (AX)
	PREFETCHT0 (CX)
	PREFETCHT0 64(CX)
	PREFETCHT0 (DX)
	RET

// func One(p unsafe.Pointer)
TEXT ·One(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	RET

// func Three(p unsafe.Pointer)
TEXT ·Three(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	RET

// The assembler does not know PREFETCHW: it is 0F 0D with 1 as the middle of ModRM.

// func Own(p unsafe.Pointer)
TEXT ·Own(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX)
	RET

// func OwnThree(p unsafe.Pointer)
TEXT ·OwnThree(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08              // PREFETCHW (AX)
	BYTE $0x0F; BYTE $0x0D; BYTE $0x48; BYTE $0x40  // PREFETCHW 64(AX)
	SUBQ $-128, AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08              // PREFETCHW (AX)
	RET
