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

// func Own(p unsafe.Pointer, n int)
TEXT ·Own(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX

next:
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX), which the assembler does not know
	ADDQ      $64, AX
	DECQ      CX
	JNZ       next
	RET
