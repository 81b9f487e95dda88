// What was written as data becomes what is fetched as instructions: clean the data cache to where both caches meet, drop what the instruction
// cache has, and wait in between. docs: Arm Architecture Reference Manual, "Ordering and completion of data and instruction cache instructions".

#include "textflag.h"

// func flush(at, end uintptr)
TEXT ·flush(SB), NOSPLIT|NOFRAME, $0-16
	MOVD at+0(FP), R0
	MOVD end+8(FP), R1
	MRS  CTR_EL0, R2
	// Lines have 4 << CTR.DminLine and 4 << CTR.IminLine bytes.
	MOVD $4, R3
	UBFX $16, R2, $4, R4
	LSL  R4, R3, R4
	AND  $15, R2, R5
	LSL  R5, R3, R5

	SUB  $1, R4, R6
	BIC  R6, R0, R7
data:
	WORD $0xd50b7b27 // DC CVAU, R7
	ADD  R4, R7
	CMP  R1, R7
	BLO  data
	DSB  $11 // inner shareable

	SUB  $1, R5, R6
	BIC  R6, R0, R7
instructions:
	WORD $0xd50b7527 // IC IVAU, R7
	ADD  R5, R7
	CMP  R1, R7
	BLO  instructions
	DSB  $11
	ISB  $15
	RET
