// The instruction table: one row an instruction form. The encoder, the operand checks and the tests derive from it; a new instruction is a
// constant and a row.

package arm64

// Op is a row of the table. The name is the assembler's mnemonic, W for 32 bits, then what tells the form: R registers, I an immediate, X an
// index register, U an unscaled offset, F a vector register.
type Op uint16

// The rows.
const (
	opInvalid Op = iota

	// Registers; the last one may be shifted left.
	ADD
	ADDS
	SUB
	SUBS
	AND
	ANDS
	ORR
	EOR
	ORN
	ADDW
	SUBW
	SUBSW
	ANDSW
	ORRW
	// Registers, the last one shifted right with its sign.
	SUBS_A
	EOR_A
	// Registers and 12 bits, perhaps shifted by 12.
	ADD_I
	ADDS_I
	SUB_I
	SUBS_I
	ADDW_I
	ADDSW_I
	SUBW_I
	SUBSW_I
	// Registers and a bit pattern.
	AND_I
	ORR_I
	EOR_I
	ANDS_I
	ANDW_I
	ANDSW_I
	ORRW_I

	MOVZ
	MOVN
	MOVK

	MADD
	MSUB
	SMULH
	UMULH
	SDIV
	UDIV
	LSLV
	LSRV
	ASRV
	UBFM
	SBFM

	CSEL
	CSINC
	CSINV
	CSNEG
	CCMP
	CCMP_I

	// Memory.
	LDR
	STR
	LDRW
	STRW
	LDRSW
	LDRB
	STRB
	LDR_F
	STR_F
	LDR_U
	STR_U
	LDRW_U
	STRW_U
	LDRSW_U
	LDRB_U
	STRB_U
	LDR_FU
	STR_FU
	LDR_X
	STR_X
	LDRW_X
	STRW_X
	LDRSW_X
	LDRB_X
	STRB_X
	LDR_FX
	STR_FX
	LDP
	STP
	LDP_F
	STP_F
	STP_PRE
	LDP_POST
	LDR_L
	LDR_FL
	ADR

	// Control.
	B
	BL
	BCOND
	CBZ
	CBNZ
	CBZW
	CBNZW
	TBZ
	TBNZ
	BR
	BLR
	RET
	NOP
	BRK
	MRS_TP // the thread pointer

	// Floats.
	FADD
	FSUB
	FMUL
	FDIV
	FMIN
	FMAX
	FABS
	FNEG
	FSQRT
	FRINTM
	FRINTP
	FRINTZ
	FMOV
	FMOV_FR
	FMOV_RF
	FMOV_I
	FCMP
	FCMP_Z
	FCCMP
	FCSEL
	FMADD
	FMSUB
	FNMADD
	FNMSUB
	SCVTF
	FCVTZS

	numOps
)

// inst is a row. One letter of args an operand:
//
//	d n m a   64-bit register at bit 0, 5, 16, 10; 31 is zero
//	D N       the same, 31 is the stack pointer
//	w v u     32-bit register at bit 0, 5, 16; 31 is zero
//	W V       the same, 31 is the stack pointer
//	f g h k   vector register at bit 0, 5, 16, 10
//	p q       second register of a pair at bit 10: general, vector
//	l         shift left of the register before, at 10; need not be given
//	j         arithmetic shift right of it, at 10
//	i         12 bits at 10, or those shifted by 12
//	b B       bit pattern of 64 or 32 bits
//	s         16 bits at 5
//	S         shift of those: 0, 16, 32, 48, at 21
//	r x       6 bits at 16, 10
//	5 z       5 bits at 16; flags at 0
//	8         a float in 8 bits at 13
//	t         number of a bit, at 31 and 19
//	c C       condition at 12, at 0
//	L J T A   label: 26 bits, 19 at 5, 14 at 5, 21 as ADR has them
//	M         memory with an offset of 12 bits, in units of what is moved
//	U         memory with an offset of 9 bits
//	X         memory with an index
//	P O Q     memory of a pair with an offset of 7 words; written back before; written back afterwards
type inst struct {
	name string
	args string
	bits uint32
}

var insts = [numOps]inst{
	ADD:   {"add", "dnml", 0x8b000000},
	ADDS:  {"adds", "dnml", 0xab000000},
	SUB:   {"sub", "dnml", 0xcb000000},
	SUBS:  {"subs", "dnml", 0xeb000000},
	AND:   {"and", "dnml", 0x8a000000},
	ANDS:  {"ands", "dnml", 0xea000000},
	ORR:   {"orr", "dnml", 0xaa000000},
	EOR:   {"eor", "dnml", 0xca000000},
	ORN:   {"orn", "dnml", 0xaa200000},
	ADDW:  {"add", "wvu", 0x0b000000},
	SUBW:  {"sub", "wvu", 0x4b000000},
	SUBSW: {"subs", "wvu", 0x6b000000},
	ANDSW: {"ands", "wvu", 0x6a000000},
	ORRW:  {"orr", "wvu", 0x2a000000},

	SUBS_A: {"subs", "dnmj", 0xeb800000},
	EOR_A:  {"eor", "dnmj", 0xca800000},

	ADD_I:   {"add", "DNi", 0x91000000},
	ADDS_I:  {"adds", "dNi", 0xb1000000},
	SUB_I:   {"sub", "DNi", 0xd1000000},
	SUBS_I:  {"subs", "dNi", 0xf1000000},
	ADDW_I:  {"add", "WVi", 0x11000000},
	ADDSW_I: {"adds", "wVi", 0x31000000},
	SUBW_I:  {"sub", "WVi", 0x51000000},
	SUBSW_I: {"subs", "wVi", 0x71000000},

	AND_I:   {"and", "Dnb", 0x92000000},
	ORR_I:   {"orr", "Dnb", 0xb2000000},
	EOR_I:   {"eor", "Dnb", 0xd2000000},
	ANDS_I:  {"ands", "dnb", 0xf2000000},
	ANDW_I:  {"and", "WvB", 0x12000000},
	ANDSW_I: {"ands", "wvB", 0x72000000},
	ORRW_I:  {"orr", "WvB", 0x32000000},

	MOVZ: {"movz", "dsS", 0xd2800000},
	MOVN: {"movn", "dsS", 0x92800000},
	MOVK: {"movk", "dsS", 0xf2800000},

	MADD:  {"madd", "dnma", 0x9b000000},
	MSUB:  {"msub", "dnma", 0x9b008000},
	SMULH: {"smulh", "dnm", 0x9b407c00},
	UMULH: {"umulh", "dnm", 0x9bc07c00},
	SDIV:  {"sdiv", "dnm", 0x9ac00c00},
	UDIV:  {"udiv", "dnm", 0x9ac00800},
	LSLV:  {"lsl", "dnm", 0x9ac02000},
	LSRV:  {"lsr", "dnm", 0x9ac02400},
	ASRV:  {"asr", "dnm", 0x9ac02800},
	UBFM:  {"ubfm", "dnrx", 0xd3400000},
	SBFM:  {"sbfm", "dnrx", 0x93400000},

	CSEL:   {"csel", "dnmc", 0x9a800000},
	CSINC:  {"csinc", "dnmc", 0x9a800400},
	CSINV:  {"csinv", "dnmc", 0xda800000},
	CSNEG:  {"csneg", "dnmc", 0xda800400},
	CCMP:   {"ccmp", "nmzc", 0xfa400000},
	CCMP_I: {"ccmp", "n5zc", 0xfa400800},

	LDR:      {"ldr", "dM", 0xf9400000},
	STR:      {"str", "dM", 0xf9000000},
	LDRW:     {"ldr", "wM", 0xb9400000},
	STRW:     {"str", "wM", 0xb9000000},
	LDRSW:    {"ldrsw", "dM", 0xb9800000},
	LDRB:     {"ldrb", "wM", 0x39400000},
	STRB:     {"strb", "wM", 0x39000000},
	LDR_F:    {"ldr", "fM", 0xfd400000},
	STR_F:    {"str", "fM", 0xfd000000},
	LDR_U:    {"ldur", "dU", 0xf8400000},
	STR_U:    {"stur", "dU", 0xf8000000},
	LDRW_U:   {"ldur", "wU", 0xb8400000},
	STRW_U:   {"stur", "wU", 0xb8000000},
	LDRSW_U:  {"ldursw", "dU", 0xb8800000},
	LDRB_U:   {"ldurb", "wU", 0x38400000},
	STRB_U:   {"sturb", "wU", 0x38000000},
	LDR_FU:   {"ldur", "fU", 0xfc400000},
	STR_FU:   {"stur", "fU", 0xfc000000},
	LDR_X:    {"ldr", "dX", 0xf8606800},
	STR_X:    {"str", "dX", 0xf8206800},
	LDRW_X:   {"ldr", "wX", 0xb8606800},
	STRW_X:   {"str", "wX", 0xb8206800},
	LDRSW_X:  {"ldrsw", "dX", 0xb8a06800},
	LDRB_X:   {"ldrb", "wX", 0x38606800},
	STRB_X:   {"strb", "wX", 0x38206800},
	LDR_FX:   {"ldr", "fX", 0xfc606800},
	STR_FX:   {"str", "fX", 0xfc206800},
	LDP:      {"ldp", "dpP", 0xa9400000},
	STP:      {"stp", "dpP", 0xa9000000},
	LDP_F:    {"ldp", "fqP", 0x6d400000},
	STP_F:    {"stp", "fqP", 0x6d000000},
	STP_PRE:  {"stp", "dpO", 0xa9800000},
	LDP_POST: {"ldp", "dpQ", 0xa8c00000},
	LDR_L:    {"ldr", "dJ", 0x58000000},
	LDR_FL:   {"ldr", "fJ", 0x5c000000},
	ADR:      {"adr", "dA", 0x10000000},

	B:      {"b", "L", 0x14000000},
	BL:     {"bl", "L", 0x94000000},
	BCOND:  {"b.", "CJ", 0x54000000},
	CBZ:    {"cbz", "dJ", 0xb4000000},
	CBNZ:   {"cbnz", "dJ", 0xb5000000},
	CBZW:   {"cbz", "wJ", 0x34000000},
	CBNZW:  {"cbnz", "wJ", 0x35000000},
	TBZ:    {"tbz", "dtT", 0x36000000},
	TBNZ:   {"tbnz", "dtT", 0x37000000},
	BR:     {"br", "n", 0xd61f0000},
	BLR:    {"blr", "n", 0xd63f0000},
	RET:    {"ret", "", 0xd65f03c0},
	NOP:    {"nop", "", 0xd503201f},
	MRS_TP: {"mrs", "d", 0xd53bd040},
	BRK:    {"brk", "s", 0xd4200000},

	FADD:    {"fadd", "fgh", 0x1e602800},
	FSUB:    {"fsub", "fgh", 0x1e603800},
	FMUL:    {"fmul", "fgh", 0x1e600800},
	FDIV:    {"fdiv", "fgh", 0x1e601800},
	FMIN:    {"fmin", "fgh", 0x1e605800},
	FMAX:    {"fmax", "fgh", 0x1e604800},
	FABS:    {"fabs", "fg", 0x1e60c000},
	FNEG:    {"fneg", "fg", 0x1e614000},
	FSQRT:   {"fsqrt", "fg", 0x1e61c000},
	FRINTM:  {"frintm", "fg", 0x1e654000},
	FRINTP:  {"frintp", "fg", 0x1e64c000},
	FRINTZ:  {"frintz", "fg", 0x1e65c000},
	FMOV:    {"fmov", "fg", 0x1e604000},
	FMOV_FR: {"fmov", "fn", 0x9e670000},
	FMOV_RF: {"fmov", "dg", 0x9e660000},
	FMOV_I:  {"fmov", "f8", 0x1e601000},
	FCMP:    {"fcmp", "gh", 0x1e602000},
	FCMP_Z:  {"fcmp", "g", 0x1e602008},
	FCCMP:   {"fccmp", "ghzc", 0x1e600400},
	FCSEL:   {"fcsel", "fghc", 0x1e600c00},
	FMADD:   {"fmadd", "fghk", 0x1f400000},
	FMSUB:   {"fmsub", "fghk", 0x1f408000},
	FNMADD:  {"fnmadd", "fghk", 0x1f600000},
	FNMSUB:  {"fnmsub", "fghk", 0x1f608000},
	SCVTF:   {"scvtf", "fn", 0x9e620000},
	FCVTZS:  {"fcvtzs", "dg", 0x9e780000},
}

// String is the mnemonic with the operands' letters.
func (op Op) String() string { return insts[op].name + " " + insts[op].args }
