// The instruction table: one row an instruction form. The encoder, the operand checks, the printer and the
// tests derive from it; a new instruction is a constant and a row.

package amd64

import "strings"

// Op is a row of the table. The name is GNU's mnemonic with its operand size, then the operands, destination
// first: R general register, X vector register, M memory, F memory of the thread, I immediate, L label, CL the register of that name.
type Op uint16

// The rows.
const (
	opInvalid Op = iota

	ADDQ_RR
	ADDQ_RI
	ADDQ_RM
	ADDQ_MR
	ADDQ_MI
	ADDL_RR
	ADDL_RI
	ADDL_RM
	ADDL_MR
	ADDL_MI
	ADDW_RR
	ADDW_RI
	ADDW_RM
	ADDW_MR
	ADDW_MI
	ADDB_RR
	ADDB_RI
	ADDB_RM
	ADDB_MR
	ADDB_MI

	ORQ_RR
	ORQ_RI
	ORQ_RM
	ORQ_MR
	ORQ_MI
	ORL_RR
	ORL_RI
	ORL_RM
	ORL_MR
	ORL_MI
	ORW_RR
	ORW_RI
	ORW_RM
	ORW_MR
	ORW_MI
	ORB_RR
	ORB_RI
	ORB_RM
	ORB_MR
	ORB_MI

	ADCQ_RR
	ADCQ_RI
	ADCQ_RM
	ADCQ_MR
	ADCQ_MI
	ADCL_RR
	ADCL_RI
	ADCL_RM
	ADCL_MR
	ADCL_MI
	ADCW_RR
	ADCW_RI
	ADCW_RM
	ADCW_MR
	ADCW_MI
	ADCB_RR
	ADCB_RI
	ADCB_RM
	ADCB_MR
	ADCB_MI

	SBBQ_RR
	SBBQ_RI
	SBBQ_RM
	SBBQ_MR
	SBBQ_MI
	SBBL_RR
	SBBL_RI
	SBBL_RM
	SBBL_MR
	SBBL_MI
	SBBW_RR
	SBBW_RI
	SBBW_RM
	SBBW_MR
	SBBW_MI
	SBBB_RR
	SBBB_RI
	SBBB_RM
	SBBB_MR
	SBBB_MI

	ANDQ_RR
	ANDQ_RI
	ANDQ_RM
	ANDQ_MR
	ANDQ_MI
	ANDL_RR
	ANDL_RI
	ANDL_RM
	ANDL_MR
	ANDL_MI
	ANDW_RR
	ANDW_RI
	ANDW_RM
	ANDW_MR
	ANDW_MI
	ANDB_RR
	ANDB_RI
	ANDB_RM
	ANDB_MR
	ANDB_MI

	SUBQ_RR
	SUBQ_RI
	SUBQ_RM
	SUBQ_MR
	SUBQ_MI
	SUBL_RR
	SUBL_RI
	SUBL_RM
	SUBL_MR
	SUBL_MI
	SUBW_RR
	SUBW_RI
	SUBW_RM
	SUBW_MR
	SUBW_MI
	SUBB_RR
	SUBB_RI
	SUBB_RM
	SUBB_MR
	SUBB_MI

	XORQ_RR
	XORQ_RI
	XORQ_RM
	XORQ_MR
	XORQ_MI
	XORL_RR
	XORL_RI
	XORL_RM
	XORL_MR
	XORL_MI
	XORW_RR
	XORW_RI
	XORW_RM
	XORW_MR
	XORW_MI
	XORB_RR
	XORB_RI
	XORB_RM
	XORB_MR
	XORB_MI

	CMPQ_RR
	CMPQ_RI
	CMPQ_RM
	CMPQ_MR
	CMPQ_MI
	CMPL_RR
	CMPL_RI
	CMPL_RM
	CMPL_MR
	CMPL_MI
	CMPW_RR
	CMPW_RI
	CMPW_RM
	CMPW_MR
	CMPW_MI
	CMPB_RR
	CMPB_RI
	CMPB_RM
	CMPB_MR
	CMPB_MI

	TESTQ_RR
	TESTQ_RI
	TESTQ_MR
	TESTQ_MI
	TESTL_RR
	TESTL_RI
	TESTL_MR
	TESTL_MI
	TESTW_RR
	TESTW_RI
	TESTW_MR
	TESTW_MI
	TESTB_RR
	TESTB_RI
	TESTB_MR
	TESTB_MI

	// Multiplication and division. The forms with one operand work on RDX:RAX.
	IMULQ_RR
	IMULQ_RM
	IMULQ_RRI
	IMULQ_RMI
	IMULQ_R
	IMULQ_M
	MULQ_R
	MULQ_M
	IDIVQ_R
	IDIVQ_M
	DIVQ_R
	DIVQ_M
	IMULL_RR
	IMULL_RM
	IMULL_RRI
	IMULL_RMI
	IMULL_R
	IMULL_M
	MULL_R
	MULL_M
	IDIVL_R
	IDIVL_M
	DIVL_R
	DIVL_M
	CQTO
	CLTD
	CLTQ

	// One operand.
	NEGQ_R
	NEGQ_M
	NEGL_R
	NEGL_M
	NOTQ_R
	NOTQ_M
	NOTL_R
	NOTL_M
	INCQ_R
	INCQ_M
	INCL_R
	INCL_M
	DECQ_R
	DECQ_M
	DECL_R
	DECL_M

	// Shifts and rotations: by CL, and by a constant (the shorter encoding is for one).
	SHLQ_RCL
	SHLQ_RI
	SHLL_RCL
	SHLL_RI
	SHRQ_RCL
	SHRQ_RI
	SHRL_RCL
	SHRL_RI
	SARQ_RCL
	SARQ_RI
	SARL_RCL
	SARL_RI
	ROLQ_RCL
	ROLQ_RI
	ROLL_RCL
	ROLL_RI
	RORQ_RCL
	RORQ_RI
	RORL_RCL
	RORL_RI

	// Bits. LZCNT, TZCNT and POPCNT are not in every x86-64 (and decode as BSR and BSF where they are missing).
	BTQ_RR
	BTQ_RI
	BTQ_MI
	BTL_RR
	BTL_RI
	BTL_MI
	BSFQ_RR
	BSFQ_RM
	BSRQ_RR
	BSRQ_RM
	LZCNTQ_RR
	LZCNTQ_RM
	TZCNTQ_RR
	TZCNTQ_RM
	POPCNTQ_RR
	POPCNTQ_RM

	// Moves. MOVQ_RI sign-extends its 32 bits, MOVL_RI (as everything with a 32-bit destination) clears the upper half.
	MOVQ_RR
	MOVQ_RM
	MOVQ_RF
	MOVQ_MR
	MOVQ_MI
	MOVQ_RI
	MOVL_RR
	MOVL_RM
	MOVL_MR
	MOVL_MI
	MOVL_RI
	MOVW_RR
	MOVW_RM
	MOVW_MR
	MOVW_MI
	MOVW_RI
	MOVB_RR
	MOVB_RM
	MOVB_MR
	MOVB_MI
	MOVB_RI
	MOVABSQ_RI
	MOVZBL_RR
	MOVZBL_RM
	MOVZWL_RR
	MOVZWL_RM
	MOVSBL_RR
	MOVSBL_RM
	MOVSWL_RR
	MOVSWL_RM
	MOVSBQ_RR
	MOVSBQ_RM
	MOVSWQ_RR
	MOVSWQ_RM
	MOVSLQ_RR
	MOVSLQ_RM
	LEAQ_RM
	LEAL_RM
	XCHGQ_RR
	XCHGQ_MR
	XCHGL_RR
	XCHGL_MR
	PUSHQ_R
	PUSHQ_M
	PUSHQ_I
	POPQ_R
	POPQ_M

	// Conditions.
	SETCC_R
	SETCC_M
	CMOVCCQ_RR
	CMOVCCQ_RM
	CMOVCCL_RR
	CMOVCCL_RM

	// Control. Jumps to labels have their long opcode here; Finish picks the short one where it reaches.
	JCC_L
	JMP_L
	CALL_L
	JMP_R
	JMP_M
	CALL_R
	CALL_M
	RET
	LEAVE
	UD2
	INT3
	NOP

	// Scalar floating point.
	ADDSD_XX
	ADDSD_XM
	MULSD_XX
	MULSD_XM
	SUBSD_XX
	SUBSD_XM
	MINSD_XX
	MINSD_XM
	DIVSD_XX
	DIVSD_XM
	MAXSD_XX
	MAXSD_XM
	SQRTSD_XX
	SQRTSD_XM
	CVTSD2SS_XX
	CVTSD2SS_XM
	CVTSS2SD_XX
	CVTSS2SD_XM
	UCOMISD_XX
	UCOMISD_XM
	CMPSD_XXI
	CMPSD_XMI
	ROUNDSD_XXI
	ROUNDSD_XMI
	CVTSI2SDQ_XR
	CVTSI2SDQ_XM
	CVTTSD2SIQ_RX
	CVTTSD2SIQ_RM
	CVTSD2SIQ_RX
	CVTSD2SIQ_RM
	CVTSI2SDL_XR
	CVTSI2SDL_XM
	CVTTSD2SIL_RX
	CVTTSD2SIL_RM
	CVTSD2SIL_RX
	CVTSD2SIL_RM

	// Vectors: bit masks and moves. A memory operand must lie on 16 bytes, but for MOVUPS, MOVSD and MOVSS.
	ANDPD_XX
	ANDPD_XM
	ANDNPD_XX
	ANDNPD_XM
	ORPD_XX
	ORPD_XM
	XORPD_XX
	XORPD_XM
	PXOR_XX
	PXOR_XM
	XORPS_XX
	XORPS_XM
	MOVMSKPD_RX
	MOVSD_XM
	MOVSD_MX
	MOVSS_XM
	MOVSS_MX
	MOVAPD_XX
	MOVAPD_XM
	MOVAPD_MX
	MOVAPS_XX
	MOVAPS_XM
	MOVAPS_MX
	MOVUPS_XM
	MOVUPS_MX
	MOVQ_XR
	MOVQ_RX
	MOVD_XR
	MOVD_RX

	VFMADD132SD_XXX
	VFMADD132SD_XXM
	VFMADD213SD_XXX
	VFMADD213SD_XXM
	VFMADD231SD_XXX
	VFMADD231SD_XXM
	VFMSUB132SD_XXX
	VFMSUB132SD_XXM
	VFMSUB213SD_XXX
	VFMSUB213SD_XXM
	VFMSUB231SD_XXX
	VFMSUB231SD_XXM
	VFNMADD132SD_XXX
	VFNMADD132SD_XXM
	VFNMADD213SD_XXX
	VFNMADD213SD_XXM
	VFNMADD231SD_XXX
	VFNMADD231SD_XXM
	VFNMSUB132SD_XXX
	VFNMSUB132SD_XXM
	VFNMSUB213SD_XXX
	VFNMSUB213SD_XXM
	VFNMSUB231SD_XXX
	VFNMSUB231SD_XXM

	numOps
)

// enc says which part of the encoding each register or memory operand goes to.
type enc uint8

const (
	encZO  enc = iota + 1 // no operand
	encMR                 // first in ModRM.rm, second in ModRM.reg
	encRM                 // first in ModRM.reg, second in ModRM.rm
	encM                  // first in ModRM.rm, ext in ModRM.reg
	encO                  // first in the low bits of the opcode
	encI                  // an immediate alone
	encD                  // a label, as a 32-bit distance
	encVRM                // behind a VEX prefix: first in ModRM.reg, second in the prefix, third in ModRM.rm
)

// inst is a row.
type inst struct {
	name string // GNU's mnemonic, with "cc" where the condition goes
	// args has a letter an operand: q l w b a general register used in 64, 32, 16 or 8 bits, X a vector
	// register, M memory, F memory of the running thread (an offset from its pointer, fs), L a label, C a condition, K the CL register (implicit: Emit takes no operand for it),
	// and a digit an immediate of so many bytes.
	args   string
	enc    enc
	prefix byte   // 0x64, 0x66, 0xf2, 0xf3, or none
	w      byte   // 1: REX.W, or VEX.W
	opcode uint32 // one to three bytes
	ext    byte   // opcode extension of encM
	// short is the opcode with an 8-bit sign-extended immediate instead of a longer one; where the
	// immediate has 8 bits already, the opcode that means 1.
	short byte
}

var insts = [numOps]inst{

	ADDQ_RR: {"addq", "qq", encMR, 0, 1, 0x01, 0, 0},
	ADDQ_RI: {"addq", "q4", encM, 0, 1, 0x81, 0, 0x83},
	ADDQ_RM: {"addq", "qM", encRM, 0, 1, 0x03, 0, 0},
	ADDQ_MR: {"addq", "Mq", encMR, 0, 1, 0x01, 0, 0},
	ADDQ_MI: {"addq", "M4", encM, 0, 1, 0x81, 0, 0x83},
	ADDL_RR: {"addl", "ll", encMR, 0, 0, 0x01, 0, 0},
	ADDL_RI: {"addl", "l4", encM, 0, 0, 0x81, 0, 0x83},
	ADDL_RM: {"addl", "lM", encRM, 0, 0, 0x03, 0, 0},
	ADDL_MR: {"addl", "Ml", encMR, 0, 0, 0x01, 0, 0},
	ADDL_MI: {"addl", "M4", encM, 0, 0, 0x81, 0, 0x83},
	ADDW_RR: {"addw", "ww", encMR, 0x66, 0, 0x01, 0, 0},
	ADDW_RI: {"addw", "w2", encM, 0x66, 0, 0x81, 0, 0x83},
	ADDW_RM: {"addw", "wM", encRM, 0x66, 0, 0x03, 0, 0},
	ADDW_MR: {"addw", "Mw", encMR, 0x66, 0, 0x01, 0, 0},
	ADDW_MI: {"addw", "M2", encM, 0x66, 0, 0x81, 0, 0x83},
	ADDB_RR: {"addb", "bb", encMR, 0, 0, 0x00, 0, 0},
	ADDB_RI: {"addb", "b1", encM, 0, 0, 0x80, 0, 0},
	ADDB_RM: {"addb", "bM", encRM, 0, 0, 0x02, 0, 0},
	ADDB_MR: {"addb", "Mb", encMR, 0, 0, 0x00, 0, 0},
	ADDB_MI: {"addb", "M1", encM, 0, 0, 0x80, 0, 0},

	ORQ_RR: {"orq", "qq", encMR, 0, 1, 0x09, 0, 0},
	ORQ_RI: {"orq", "q4", encM, 0, 1, 0x81, 1, 0x83},
	ORQ_RM: {"orq", "qM", encRM, 0, 1, 0x0b, 0, 0},
	ORQ_MR: {"orq", "Mq", encMR, 0, 1, 0x09, 0, 0},
	ORQ_MI: {"orq", "M4", encM, 0, 1, 0x81, 1, 0x83},
	ORL_RR: {"orl", "ll", encMR, 0, 0, 0x09, 0, 0},
	ORL_RI: {"orl", "l4", encM, 0, 0, 0x81, 1, 0x83},
	ORL_RM: {"orl", "lM", encRM, 0, 0, 0x0b, 0, 0},
	ORL_MR: {"orl", "Ml", encMR, 0, 0, 0x09, 0, 0},
	ORL_MI: {"orl", "M4", encM, 0, 0, 0x81, 1, 0x83},
	ORW_RR: {"orw", "ww", encMR, 0x66, 0, 0x09, 0, 0},
	ORW_RI: {"orw", "w2", encM, 0x66, 0, 0x81, 1, 0x83},
	ORW_RM: {"orw", "wM", encRM, 0x66, 0, 0x0b, 0, 0},
	ORW_MR: {"orw", "Mw", encMR, 0x66, 0, 0x09, 0, 0},
	ORW_MI: {"orw", "M2", encM, 0x66, 0, 0x81, 1, 0x83},
	ORB_RR: {"orb", "bb", encMR, 0, 0, 0x08, 0, 0},
	ORB_RI: {"orb", "b1", encM, 0, 0, 0x80, 1, 0},
	ORB_RM: {"orb", "bM", encRM, 0, 0, 0x0a, 0, 0},
	ORB_MR: {"orb", "Mb", encMR, 0, 0, 0x08, 0, 0},
	ORB_MI: {"orb", "M1", encM, 0, 0, 0x80, 1, 0},

	ADCQ_RR: {"adcq", "qq", encMR, 0, 1, 0x11, 0, 0},
	ADCQ_RI: {"adcq", "q4", encM, 0, 1, 0x81, 2, 0x83},
	ADCQ_RM: {"adcq", "qM", encRM, 0, 1, 0x13, 0, 0},
	ADCQ_MR: {"adcq", "Mq", encMR, 0, 1, 0x11, 0, 0},
	ADCQ_MI: {"adcq", "M4", encM, 0, 1, 0x81, 2, 0x83},
	ADCL_RR: {"adcl", "ll", encMR, 0, 0, 0x11, 0, 0},
	ADCL_RI: {"adcl", "l4", encM, 0, 0, 0x81, 2, 0x83},
	ADCL_RM: {"adcl", "lM", encRM, 0, 0, 0x13, 0, 0},
	ADCL_MR: {"adcl", "Ml", encMR, 0, 0, 0x11, 0, 0},
	ADCL_MI: {"adcl", "M4", encM, 0, 0, 0x81, 2, 0x83},
	ADCW_RR: {"adcw", "ww", encMR, 0x66, 0, 0x11, 0, 0},
	ADCW_RI: {"adcw", "w2", encM, 0x66, 0, 0x81, 2, 0x83},
	ADCW_RM: {"adcw", "wM", encRM, 0x66, 0, 0x13, 0, 0},
	ADCW_MR: {"adcw", "Mw", encMR, 0x66, 0, 0x11, 0, 0},
	ADCW_MI: {"adcw", "M2", encM, 0x66, 0, 0x81, 2, 0x83},
	ADCB_RR: {"adcb", "bb", encMR, 0, 0, 0x10, 0, 0},
	ADCB_RI: {"adcb", "b1", encM, 0, 0, 0x80, 2, 0},
	ADCB_RM: {"adcb", "bM", encRM, 0, 0, 0x12, 0, 0},
	ADCB_MR: {"adcb", "Mb", encMR, 0, 0, 0x10, 0, 0},
	ADCB_MI: {"adcb", "M1", encM, 0, 0, 0x80, 2, 0},

	SBBQ_RR: {"sbbq", "qq", encMR, 0, 1, 0x19, 0, 0},
	SBBQ_RI: {"sbbq", "q4", encM, 0, 1, 0x81, 3, 0x83},
	SBBQ_RM: {"sbbq", "qM", encRM, 0, 1, 0x1b, 0, 0},
	SBBQ_MR: {"sbbq", "Mq", encMR, 0, 1, 0x19, 0, 0},
	SBBQ_MI: {"sbbq", "M4", encM, 0, 1, 0x81, 3, 0x83},
	SBBL_RR: {"sbbl", "ll", encMR, 0, 0, 0x19, 0, 0},
	SBBL_RI: {"sbbl", "l4", encM, 0, 0, 0x81, 3, 0x83},
	SBBL_RM: {"sbbl", "lM", encRM, 0, 0, 0x1b, 0, 0},
	SBBL_MR: {"sbbl", "Ml", encMR, 0, 0, 0x19, 0, 0},
	SBBL_MI: {"sbbl", "M4", encM, 0, 0, 0x81, 3, 0x83},
	SBBW_RR: {"sbbw", "ww", encMR, 0x66, 0, 0x19, 0, 0},
	SBBW_RI: {"sbbw", "w2", encM, 0x66, 0, 0x81, 3, 0x83},
	SBBW_RM: {"sbbw", "wM", encRM, 0x66, 0, 0x1b, 0, 0},
	SBBW_MR: {"sbbw", "Mw", encMR, 0x66, 0, 0x19, 0, 0},
	SBBW_MI: {"sbbw", "M2", encM, 0x66, 0, 0x81, 3, 0x83},
	SBBB_RR: {"sbbb", "bb", encMR, 0, 0, 0x18, 0, 0},
	SBBB_RI: {"sbbb", "b1", encM, 0, 0, 0x80, 3, 0},
	SBBB_RM: {"sbbb", "bM", encRM, 0, 0, 0x1a, 0, 0},
	SBBB_MR: {"sbbb", "Mb", encMR, 0, 0, 0x18, 0, 0},
	SBBB_MI: {"sbbb", "M1", encM, 0, 0, 0x80, 3, 0},

	ANDQ_RR: {"andq", "qq", encMR, 0, 1, 0x21, 0, 0},
	ANDQ_RI: {"andq", "q4", encM, 0, 1, 0x81, 4, 0x83},
	ANDQ_RM: {"andq", "qM", encRM, 0, 1, 0x23, 0, 0},
	ANDQ_MR: {"andq", "Mq", encMR, 0, 1, 0x21, 0, 0},
	ANDQ_MI: {"andq", "M4", encM, 0, 1, 0x81, 4, 0x83},
	ANDL_RR: {"andl", "ll", encMR, 0, 0, 0x21, 0, 0},
	ANDL_RI: {"andl", "l4", encM, 0, 0, 0x81, 4, 0x83},
	ANDL_RM: {"andl", "lM", encRM, 0, 0, 0x23, 0, 0},
	ANDL_MR: {"andl", "Ml", encMR, 0, 0, 0x21, 0, 0},
	ANDL_MI: {"andl", "M4", encM, 0, 0, 0x81, 4, 0x83},
	ANDW_RR: {"andw", "ww", encMR, 0x66, 0, 0x21, 0, 0},
	ANDW_RI: {"andw", "w2", encM, 0x66, 0, 0x81, 4, 0x83},
	ANDW_RM: {"andw", "wM", encRM, 0x66, 0, 0x23, 0, 0},
	ANDW_MR: {"andw", "Mw", encMR, 0x66, 0, 0x21, 0, 0},
	ANDW_MI: {"andw", "M2", encM, 0x66, 0, 0x81, 4, 0x83},
	ANDB_RR: {"andb", "bb", encMR, 0, 0, 0x20, 0, 0},
	ANDB_RI: {"andb", "b1", encM, 0, 0, 0x80, 4, 0},
	ANDB_RM: {"andb", "bM", encRM, 0, 0, 0x22, 0, 0},
	ANDB_MR: {"andb", "Mb", encMR, 0, 0, 0x20, 0, 0},
	ANDB_MI: {"andb", "M1", encM, 0, 0, 0x80, 4, 0},

	SUBQ_RR: {"subq", "qq", encMR, 0, 1, 0x29, 0, 0},
	SUBQ_RI: {"subq", "q4", encM, 0, 1, 0x81, 5, 0x83},
	SUBQ_RM: {"subq", "qM", encRM, 0, 1, 0x2b, 0, 0},
	SUBQ_MR: {"subq", "Mq", encMR, 0, 1, 0x29, 0, 0},
	SUBQ_MI: {"subq", "M4", encM, 0, 1, 0x81, 5, 0x83},
	SUBL_RR: {"subl", "ll", encMR, 0, 0, 0x29, 0, 0},
	SUBL_RI: {"subl", "l4", encM, 0, 0, 0x81, 5, 0x83},
	SUBL_RM: {"subl", "lM", encRM, 0, 0, 0x2b, 0, 0},
	SUBL_MR: {"subl", "Ml", encMR, 0, 0, 0x29, 0, 0},
	SUBL_MI: {"subl", "M4", encM, 0, 0, 0x81, 5, 0x83},
	SUBW_RR: {"subw", "ww", encMR, 0x66, 0, 0x29, 0, 0},
	SUBW_RI: {"subw", "w2", encM, 0x66, 0, 0x81, 5, 0x83},
	SUBW_RM: {"subw", "wM", encRM, 0x66, 0, 0x2b, 0, 0},
	SUBW_MR: {"subw", "Mw", encMR, 0x66, 0, 0x29, 0, 0},
	SUBW_MI: {"subw", "M2", encM, 0x66, 0, 0x81, 5, 0x83},
	SUBB_RR: {"subb", "bb", encMR, 0, 0, 0x28, 0, 0},
	SUBB_RI: {"subb", "b1", encM, 0, 0, 0x80, 5, 0},
	SUBB_RM: {"subb", "bM", encRM, 0, 0, 0x2a, 0, 0},
	SUBB_MR: {"subb", "Mb", encMR, 0, 0, 0x28, 0, 0},
	SUBB_MI: {"subb", "M1", encM, 0, 0, 0x80, 5, 0},

	XORQ_RR: {"xorq", "qq", encMR, 0, 1, 0x31, 0, 0},
	XORQ_RI: {"xorq", "q4", encM, 0, 1, 0x81, 6, 0x83},
	XORQ_RM: {"xorq", "qM", encRM, 0, 1, 0x33, 0, 0},
	XORQ_MR: {"xorq", "Mq", encMR, 0, 1, 0x31, 0, 0},
	XORQ_MI: {"xorq", "M4", encM, 0, 1, 0x81, 6, 0x83},
	XORL_RR: {"xorl", "ll", encMR, 0, 0, 0x31, 0, 0},
	XORL_RI: {"xorl", "l4", encM, 0, 0, 0x81, 6, 0x83},
	XORL_RM: {"xorl", "lM", encRM, 0, 0, 0x33, 0, 0},
	XORL_MR: {"xorl", "Ml", encMR, 0, 0, 0x31, 0, 0},
	XORL_MI: {"xorl", "M4", encM, 0, 0, 0x81, 6, 0x83},
	XORW_RR: {"xorw", "ww", encMR, 0x66, 0, 0x31, 0, 0},
	XORW_RI: {"xorw", "w2", encM, 0x66, 0, 0x81, 6, 0x83},
	XORW_RM: {"xorw", "wM", encRM, 0x66, 0, 0x33, 0, 0},
	XORW_MR: {"xorw", "Mw", encMR, 0x66, 0, 0x31, 0, 0},
	XORW_MI: {"xorw", "M2", encM, 0x66, 0, 0x81, 6, 0x83},
	XORB_RR: {"xorb", "bb", encMR, 0, 0, 0x30, 0, 0},
	XORB_RI: {"xorb", "b1", encM, 0, 0, 0x80, 6, 0},
	XORB_RM: {"xorb", "bM", encRM, 0, 0, 0x32, 0, 0},
	XORB_MR: {"xorb", "Mb", encMR, 0, 0, 0x30, 0, 0},
	XORB_MI: {"xorb", "M1", encM, 0, 0, 0x80, 6, 0},

	CMPQ_RR: {"cmpq", "qq", encMR, 0, 1, 0x39, 0, 0},
	CMPQ_RI: {"cmpq", "q4", encM, 0, 1, 0x81, 7, 0x83},
	CMPQ_RM: {"cmpq", "qM", encRM, 0, 1, 0x3b, 0, 0},
	CMPQ_MR: {"cmpq", "Mq", encMR, 0, 1, 0x39, 0, 0},
	CMPQ_MI: {"cmpq", "M4", encM, 0, 1, 0x81, 7, 0x83},
	CMPL_RR: {"cmpl", "ll", encMR, 0, 0, 0x39, 0, 0},
	CMPL_RI: {"cmpl", "l4", encM, 0, 0, 0x81, 7, 0x83},
	CMPL_RM: {"cmpl", "lM", encRM, 0, 0, 0x3b, 0, 0},
	CMPL_MR: {"cmpl", "Ml", encMR, 0, 0, 0x39, 0, 0},
	CMPL_MI: {"cmpl", "M4", encM, 0, 0, 0x81, 7, 0x83},
	CMPW_RR: {"cmpw", "ww", encMR, 0x66, 0, 0x39, 0, 0},
	CMPW_RI: {"cmpw", "w2", encM, 0x66, 0, 0x81, 7, 0x83},
	CMPW_RM: {"cmpw", "wM", encRM, 0x66, 0, 0x3b, 0, 0},
	CMPW_MR: {"cmpw", "Mw", encMR, 0x66, 0, 0x39, 0, 0},
	CMPW_MI: {"cmpw", "M2", encM, 0x66, 0, 0x81, 7, 0x83},
	CMPB_RR: {"cmpb", "bb", encMR, 0, 0, 0x38, 0, 0},
	CMPB_RI: {"cmpb", "b1", encM, 0, 0, 0x80, 7, 0},
	CMPB_RM: {"cmpb", "bM", encRM, 0, 0, 0x3a, 0, 0},
	CMPB_MR: {"cmpb", "Mb", encMR, 0, 0, 0x38, 0, 0},
	CMPB_MI: {"cmpb", "M1", encM, 0, 0, 0x80, 7, 0},

	TESTQ_RR: {"testq", "qq", encMR, 0, 1, 0x85, 0, 0},
	TESTQ_RI: {"testq", "q4", encM, 0, 1, 0xf7, 0, 0},
	TESTQ_MR: {"testq", "Mq", encMR, 0, 1, 0x85, 0, 0},
	TESTQ_MI: {"testq", "M4", encM, 0, 1, 0xf7, 0, 0},
	TESTL_RR: {"testl", "ll", encMR, 0, 0, 0x85, 0, 0},
	TESTL_RI: {"testl", "l4", encM, 0, 0, 0xf7, 0, 0},
	TESTL_MR: {"testl", "Ml", encMR, 0, 0, 0x85, 0, 0},
	TESTL_MI: {"testl", "M4", encM, 0, 0, 0xf7, 0, 0},
	TESTW_RR: {"testw", "ww", encMR, 0x66, 0, 0x85, 0, 0},
	TESTW_RI: {"testw", "w2", encM, 0x66, 0, 0xf7, 0, 0},
	TESTW_MR: {"testw", "Mw", encMR, 0x66, 0, 0x85, 0, 0},
	TESTW_MI: {"testw", "M2", encM, 0x66, 0, 0xf7, 0, 0},
	TESTB_RR: {"testb", "bb", encMR, 0, 0, 0x84, 0, 0},
	TESTB_RI: {"testb", "b1", encM, 0, 0, 0xf6, 0, 0},
	TESTB_MR: {"testb", "Mb", encMR, 0, 0, 0x84, 0, 0},
	TESTB_MI: {"testb", "M1", encM, 0, 0, 0xf6, 0, 0},

	// Multiplication and division. The forms with one operand work on RDX:RAX.
	IMULQ_RR:  {"imulq", "qq", encRM, 0, 1, 0x0faf, 0, 0},
	IMULQ_RM:  {"imulq", "qM", encRM, 0, 1, 0x0faf, 0, 0},
	IMULQ_RRI: {"imulq", "qq4", encRM, 0, 1, 0x69, 0, 0x6b},
	IMULQ_RMI: {"imulq", "qM4", encRM, 0, 1, 0x69, 0, 0x6b},
	IMULQ_R:   {"imulq", "q", encM, 0, 1, 0xf7, 5, 0},
	IMULQ_M:   {"imulq", "M", encM, 0, 1, 0xf7, 5, 0},
	MULQ_R:    {"mulq", "q", encM, 0, 1, 0xf7, 4, 0},
	MULQ_M:    {"mulq", "M", encM, 0, 1, 0xf7, 4, 0},
	IDIVQ_R:   {"idivq", "q", encM, 0, 1, 0xf7, 7, 0},
	IDIVQ_M:   {"idivq", "M", encM, 0, 1, 0xf7, 7, 0},
	DIVQ_R:    {"divq", "q", encM, 0, 1, 0xf7, 6, 0},
	DIVQ_M:    {"divq", "M", encM, 0, 1, 0xf7, 6, 0},
	IMULL_RR:  {"imull", "ll", encRM, 0, 0, 0x0faf, 0, 0},
	IMULL_RM:  {"imull", "lM", encRM, 0, 0, 0x0faf, 0, 0},
	IMULL_RRI: {"imull", "ll4", encRM, 0, 0, 0x69, 0, 0x6b},
	IMULL_RMI: {"imull", "lM4", encRM, 0, 0, 0x69, 0, 0x6b},
	IMULL_R:   {"imull", "l", encM, 0, 0, 0xf7, 5, 0},
	IMULL_M:   {"imull", "M", encM, 0, 0, 0xf7, 5, 0},
	MULL_R:    {"mull", "l", encM, 0, 0, 0xf7, 4, 0},
	MULL_M:    {"mull", "M", encM, 0, 0, 0xf7, 4, 0},
	IDIVL_R:   {"idivl", "l", encM, 0, 0, 0xf7, 7, 0},
	IDIVL_M:   {"idivl", "M", encM, 0, 0, 0xf7, 7, 0},
	DIVL_R:    {"divl", "l", encM, 0, 0, 0xf7, 6, 0},
	DIVL_M:    {"divl", "M", encM, 0, 0, 0xf7, 6, 0},
	CQTO:      {"cqto", "", encZO, 0, 1, 0x99, 0, 0},
	CLTD:      {"cltd", "", encZO, 0, 0, 0x99, 0, 0},
	CLTQ:      {"cltq", "", encZO, 0, 1, 0x98, 0, 0},

	// One operand.
	NEGQ_R: {"negq", "q", encM, 0, 1, 0xf7, 3, 0},
	NEGQ_M: {"negq", "M", encM, 0, 1, 0xf7, 3, 0},
	NEGL_R: {"negl", "l", encM, 0, 0, 0xf7, 3, 0},
	NEGL_M: {"negl", "M", encM, 0, 0, 0xf7, 3, 0},
	NOTQ_R: {"notq", "q", encM, 0, 1, 0xf7, 2, 0},
	NOTQ_M: {"notq", "M", encM, 0, 1, 0xf7, 2, 0},
	NOTL_R: {"notl", "l", encM, 0, 0, 0xf7, 2, 0},
	NOTL_M: {"notl", "M", encM, 0, 0, 0xf7, 2, 0},
	INCQ_R: {"incq", "q", encM, 0, 1, 0xff, 0, 0},
	INCQ_M: {"incq", "M", encM, 0, 1, 0xff, 0, 0},
	INCL_R: {"incl", "l", encM, 0, 0, 0xff, 0, 0},
	INCL_M: {"incl", "M", encM, 0, 0, 0xff, 0, 0},
	DECQ_R: {"decq", "q", encM, 0, 1, 0xff, 1, 0},
	DECQ_M: {"decq", "M", encM, 0, 1, 0xff, 1, 0},
	DECL_R: {"decl", "l", encM, 0, 0, 0xff, 1, 0},
	DECL_M: {"decl", "M", encM, 0, 0, 0xff, 1, 0},

	// Shifts and rotations: by CL, and by a constant (the shorter encoding is for one).
	SHLQ_RCL: {"shlq", "qK", encM, 0, 1, 0xd3, 4, 0},
	SHLQ_RI:  {"shlq", "q1", encM, 0, 1, 0xc1, 4, 0xd1},
	SHLL_RCL: {"shll", "lK", encM, 0, 0, 0xd3, 4, 0},
	SHLL_RI:  {"shll", "l1", encM, 0, 0, 0xc1, 4, 0xd1},
	SHRQ_RCL: {"shrq", "qK", encM, 0, 1, 0xd3, 5, 0},
	SHRQ_RI:  {"shrq", "q1", encM, 0, 1, 0xc1, 5, 0xd1},
	SHRL_RCL: {"shrl", "lK", encM, 0, 0, 0xd3, 5, 0},
	SHRL_RI:  {"shrl", "l1", encM, 0, 0, 0xc1, 5, 0xd1},
	SARQ_RCL: {"sarq", "qK", encM, 0, 1, 0xd3, 7, 0},
	SARQ_RI:  {"sarq", "q1", encM, 0, 1, 0xc1, 7, 0xd1},
	SARL_RCL: {"sarl", "lK", encM, 0, 0, 0xd3, 7, 0},
	SARL_RI:  {"sarl", "l1", encM, 0, 0, 0xc1, 7, 0xd1},
	ROLQ_RCL: {"rolq", "qK", encM, 0, 1, 0xd3, 0, 0},
	ROLQ_RI:  {"rolq", "q1", encM, 0, 1, 0xc1, 0, 0xd1},
	ROLL_RCL: {"roll", "lK", encM, 0, 0, 0xd3, 0, 0},
	ROLL_RI:  {"roll", "l1", encM, 0, 0, 0xc1, 0, 0xd1},
	RORQ_RCL: {"rorq", "qK", encM, 0, 1, 0xd3, 1, 0},
	RORQ_RI:  {"rorq", "q1", encM, 0, 1, 0xc1, 1, 0xd1},
	RORL_RCL: {"rorl", "lK", encM, 0, 0, 0xd3, 1, 0},
	RORL_RI:  {"rorl", "l1", encM, 0, 0, 0xc1, 1, 0xd1},

	// Bits. LZCNT, TZCNT and POPCNT are not in every x86-64 (and decode as BSR and BSF where they are missing).
	BTQ_RR:     {"btq", "qq", encMR, 0, 1, 0x0fa3, 0, 0},
	BTQ_RI:     {"btq", "q1", encM, 0, 1, 0x0fba, 4, 0},
	BTQ_MI:     {"btq", "M1", encM, 0, 1, 0x0fba, 4, 0},
	BTL_RR:     {"btl", "ll", encMR, 0, 0, 0x0fa3, 0, 0},
	BTL_RI:     {"btl", "l1", encM, 0, 0, 0x0fba, 4, 0},
	BTL_MI:     {"btl", "M1", encM, 0, 0, 0x0fba, 4, 0},
	BSFQ_RR:    {"bsfq", "qq", encRM, 0, 1, 0x0fbc, 0, 0},
	BSFQ_RM:    {"bsfq", "qM", encRM, 0, 1, 0x0fbc, 0, 0},
	BSRQ_RR:    {"bsrq", "qq", encRM, 0, 1, 0x0fbd, 0, 0},
	BSRQ_RM:    {"bsrq", "qM", encRM, 0, 1, 0x0fbd, 0, 0},
	LZCNTQ_RR:  {"lzcntq", "qq", encRM, 0xf3, 1, 0x0fbd, 0, 0},
	LZCNTQ_RM:  {"lzcntq", "qM", encRM, 0xf3, 1, 0x0fbd, 0, 0},
	TZCNTQ_RR:  {"tzcntq", "qq", encRM, 0xf3, 1, 0x0fbc, 0, 0},
	TZCNTQ_RM:  {"tzcntq", "qM", encRM, 0xf3, 1, 0x0fbc, 0, 0},
	POPCNTQ_RR: {"popcntq", "qq", encRM, 0xf3, 1, 0x0fb8, 0, 0},
	POPCNTQ_RM: {"popcntq", "qM", encRM, 0xf3, 1, 0x0fb8, 0, 0},

	// Moves. MOVQ_RI sign-extends its 32 bits, MOVL_RI (as everything with a 32-bit destination) clears the upper half.
	MOVQ_RR:    {"movq", "qq", encMR, 0, 1, 0x89, 0, 0},
	MOVQ_RM:    {"movq", "qM", encRM, 0, 1, 0x8b, 0, 0},
	MOVQ_RF:    {"movq", "qF", encRM, 0x64, 1, 0x8b, 0, 0},
	MOVQ_MR:    {"movq", "Mq", encMR, 0, 1, 0x89, 0, 0},
	MOVQ_MI:    {"movq", "M4", encM, 0, 1, 0xc7, 0, 0},
	MOVQ_RI:    {"movq", "q4", encM, 0, 1, 0xc7, 0, 0},
	MOVL_RR:    {"movl", "ll", encMR, 0, 0, 0x89, 0, 0},
	MOVL_RM:    {"movl", "lM", encRM, 0, 0, 0x8b, 0, 0},
	MOVL_MR:    {"movl", "Ml", encMR, 0, 0, 0x89, 0, 0},
	MOVL_MI:    {"movl", "M4", encM, 0, 0, 0xc7, 0, 0},
	MOVL_RI:    {"movl", "l4", encO, 0, 0, 0xb8, 0, 0},
	MOVW_RR:    {"movw", "ww", encMR, 0x66, 0, 0x89, 0, 0},
	MOVW_RM:    {"movw", "wM", encRM, 0x66, 0, 0x8b, 0, 0},
	MOVW_MR:    {"movw", "Mw", encMR, 0x66, 0, 0x89, 0, 0},
	MOVW_MI:    {"movw", "M2", encM, 0x66, 0, 0xc7, 0, 0},
	MOVW_RI:    {"movw", "w2", encO, 0x66, 0, 0xb8, 0, 0},
	MOVB_RR:    {"movb", "bb", encMR, 0, 0, 0x88, 0, 0},
	MOVB_RM:    {"movb", "bM", encRM, 0, 0, 0x8a, 0, 0},
	MOVB_MR:    {"movb", "Mb", encMR, 0, 0, 0x88, 0, 0},
	MOVB_MI:    {"movb", "M1", encM, 0, 0, 0xc6, 0, 0},
	MOVB_RI:    {"movb", "b1", encO, 0, 0, 0xb0, 0, 0},
	MOVABSQ_RI: {"movabsq", "q8", encO, 0, 1, 0xb8, 0, 0},
	MOVZBL_RR:  {"movzbl", "lb", encRM, 0, 0, 0x0fb6, 0, 0},
	MOVZBL_RM:  {"movzbl", "lM", encRM, 0, 0, 0x0fb6, 0, 0},
	MOVZWL_RR:  {"movzwl", "lw", encRM, 0, 0, 0x0fb7, 0, 0},
	MOVZWL_RM:  {"movzwl", "lM", encRM, 0, 0, 0x0fb7, 0, 0},
	MOVSBL_RR:  {"movsbl", "lb", encRM, 0, 0, 0x0fbe, 0, 0},
	MOVSBL_RM:  {"movsbl", "lM", encRM, 0, 0, 0x0fbe, 0, 0},
	MOVSWL_RR:  {"movswl", "lw", encRM, 0, 0, 0x0fbf, 0, 0},
	MOVSWL_RM:  {"movswl", "lM", encRM, 0, 0, 0x0fbf, 0, 0},
	MOVSBQ_RR:  {"movsbq", "qb", encRM, 0, 1, 0x0fbe, 0, 0},
	MOVSBQ_RM:  {"movsbq", "qM", encRM, 0, 1, 0x0fbe, 0, 0},
	MOVSWQ_RR:  {"movswq", "qw", encRM, 0, 1, 0x0fbf, 0, 0},
	MOVSWQ_RM:  {"movswq", "qM", encRM, 0, 1, 0x0fbf, 0, 0},
	MOVSLQ_RR:  {"movslq", "ql", encRM, 0, 1, 0x63, 0, 0},
	MOVSLQ_RM:  {"movslq", "qM", encRM, 0, 1, 0x63, 0, 0},
	LEAQ_RM:    {"leaq", "qM", encRM, 0, 1, 0x8d, 0, 0},
	LEAL_RM:    {"leal", "lM", encRM, 0, 0, 0x8d, 0, 0},
	XCHGQ_RR:   {"xchgq", "qq", encMR, 0, 1, 0x87, 0, 0},
	XCHGQ_MR:   {"xchgq", "Mq", encMR, 0, 1, 0x87, 0, 0},
	XCHGL_RR:   {"xchgl", "ll", encMR, 0, 0, 0x87, 0, 0},
	XCHGL_MR:   {"xchgl", "Ml", encMR, 0, 0, 0x87, 0, 0},
	PUSHQ_R:    {"pushq", "q", encO, 0, 0, 0x50, 0, 0},
	PUSHQ_M:    {"pushq", "M", encM, 0, 0, 0xff, 6, 0},
	PUSHQ_I:    {"pushq", "4", encI, 0, 0, 0x68, 0, 0x6a},
	POPQ_R:     {"popq", "q", encO, 0, 0, 0x58, 0, 0},
	POPQ_M:     {"popq", "M", encM, 0, 0, 0x8f, 0, 0},

	// Conditions.
	SETCC_R:    {"setcc", "Cb", encM, 0, 0, 0x0f90, 0, 0},
	SETCC_M:    {"setcc", "CM", encM, 0, 0, 0x0f90, 0, 0},
	CMOVCCQ_RR: {"cmovccq", "Cqq", encRM, 0, 1, 0x0f40, 0, 0},
	CMOVCCQ_RM: {"cmovccq", "CqM", encRM, 0, 1, 0x0f40, 0, 0},
	CMOVCCL_RR: {"cmovccl", "Cll", encRM, 0, 0, 0x0f40, 0, 0},
	CMOVCCL_RM: {"cmovccl", "ClM", encRM, 0, 0, 0x0f40, 0, 0},

	// Control. Jumps to labels have their long opcode here; Finish picks the short one where it reaches.
	JCC_L:  {"jcc", "CL", encD, 0, 0, 0x0f80, 0, 0},
	JMP_L:  {"jmp", "L", encD, 0, 0, 0xe9, 0, 0},
	CALL_L: {"call", "L", encD, 0, 0, 0xe8, 0, 0},
	JMP_R:  {"jmp", "q", encM, 0, 0, 0xff, 4, 0},
	JMP_M:  {"jmp", "M", encM, 0, 0, 0xff, 4, 0},
	CALL_R: {"call", "q", encM, 0, 0, 0xff, 2, 0},
	CALL_M: {"call", "M", encM, 0, 0, 0xff, 2, 0},
	RET:    {"ret", "", encZO, 0, 0, 0xc3, 0, 0},
	LEAVE:  {"leave", "", encZO, 0, 0, 0xc9, 0, 0},
	UD2:    {"ud2", "", encZO, 0, 0, 0x0f0b, 0, 0},
	INT3:   {"int3", "", encZO, 0, 0, 0xcc, 0, 0},
	NOP:    {"nop", "", encZO, 0, 0, 0x90, 0, 0},

	// Scalar floating point.
	ADDSD_XX:      {"addsd", "XX", encRM, 0xf2, 0, 0x0f58, 0, 0},
	ADDSD_XM:      {"addsd", "XM", encRM, 0xf2, 0, 0x0f58, 0, 0},
	MULSD_XX:      {"mulsd", "XX", encRM, 0xf2, 0, 0x0f59, 0, 0},
	MULSD_XM:      {"mulsd", "XM", encRM, 0xf2, 0, 0x0f59, 0, 0},
	SUBSD_XX:      {"subsd", "XX", encRM, 0xf2, 0, 0x0f5c, 0, 0},
	SUBSD_XM:      {"subsd", "XM", encRM, 0xf2, 0, 0x0f5c, 0, 0},
	MINSD_XX:      {"minsd", "XX", encRM, 0xf2, 0, 0x0f5d, 0, 0},
	MINSD_XM:      {"minsd", "XM", encRM, 0xf2, 0, 0x0f5d, 0, 0},
	DIVSD_XX:      {"divsd", "XX", encRM, 0xf2, 0, 0x0f5e, 0, 0},
	DIVSD_XM:      {"divsd", "XM", encRM, 0xf2, 0, 0x0f5e, 0, 0},
	MAXSD_XX:      {"maxsd", "XX", encRM, 0xf2, 0, 0x0f5f, 0, 0},
	MAXSD_XM:      {"maxsd", "XM", encRM, 0xf2, 0, 0x0f5f, 0, 0},
	SQRTSD_XX:     {"sqrtsd", "XX", encRM, 0xf2, 0, 0x0f51, 0, 0},
	SQRTSD_XM:     {"sqrtsd", "XM", encRM, 0xf2, 0, 0x0f51, 0, 0},
	CVTSD2SS_XX:   {"cvtsd2ss", "XX", encRM, 0xf2, 0, 0x0f5a, 0, 0},
	CVTSD2SS_XM:   {"cvtsd2ss", "XM", encRM, 0xf2, 0, 0x0f5a, 0, 0},
	CVTSS2SD_XX:   {"cvtss2sd", "XX", encRM, 0xf3, 0, 0x0f5a, 0, 0},
	CVTSS2SD_XM:   {"cvtss2sd", "XM", encRM, 0xf3, 0, 0x0f5a, 0, 0},
	UCOMISD_XX:    {"ucomisd", "XX", encRM, 0x66, 0, 0x0f2e, 0, 0},
	UCOMISD_XM:    {"ucomisd", "XM", encRM, 0x66, 0, 0x0f2e, 0, 0},
	CMPSD_XXI:     {"cmpsd", "XX1", encRM, 0xf2, 0, 0x0fc2, 0, 0},
	CMPSD_XMI:     {"cmpsd", "XM1", encRM, 0xf2, 0, 0x0fc2, 0, 0},
	ROUNDSD_XXI:   {"roundsd", "XX1", encRM, 0x66, 0, 0x0f3a0b, 0, 0},
	ROUNDSD_XMI:   {"roundsd", "XM1", encRM, 0x66, 0, 0x0f3a0b, 0, 0},
	CVTSI2SDQ_XR:  {"cvtsi2sdq", "Xq", encRM, 0xf2, 1, 0x0f2a, 0, 0},
	CVTSI2SDQ_XM:  {"cvtsi2sdq", "XM", encRM, 0xf2, 1, 0x0f2a, 0, 0},
	CVTTSD2SIQ_RX: {"cvttsd2siq", "qX", encRM, 0xf2, 1, 0x0f2c, 0, 0},
	CVTTSD2SIQ_RM: {"cvttsd2siq", "qM", encRM, 0xf2, 1, 0x0f2c, 0, 0},
	CVTSD2SIQ_RX:  {"cvtsd2siq", "qX", encRM, 0xf2, 1, 0x0f2d, 0, 0},
	CVTSD2SIQ_RM:  {"cvtsd2siq", "qM", encRM, 0xf2, 1, 0x0f2d, 0, 0},
	CVTSI2SDL_XR:  {"cvtsi2sdl", "Xl", encRM, 0xf2, 0, 0x0f2a, 0, 0},
	CVTSI2SDL_XM:  {"cvtsi2sdl", "XM", encRM, 0xf2, 0, 0x0f2a, 0, 0},
	CVTTSD2SIL_RX: {"cvttsd2sil", "lX", encRM, 0xf2, 0, 0x0f2c, 0, 0},
	CVTTSD2SIL_RM: {"cvttsd2sil", "lM", encRM, 0xf2, 0, 0x0f2c, 0, 0},
	CVTSD2SIL_RX:  {"cvtsd2sil", "lX", encRM, 0xf2, 0, 0x0f2d, 0, 0},
	CVTSD2SIL_RM:  {"cvtsd2sil", "lM", encRM, 0xf2, 0, 0x0f2d, 0, 0},

	// Vectors: bit masks and moves. A memory operand must lie on 16 bytes, but for MOVUPS, MOVSD and MOVSS.
	ANDPD_XX:    {"andpd", "XX", encRM, 0x66, 0, 0x0f54, 0, 0},
	ANDPD_XM:    {"andpd", "XM", encRM, 0x66, 0, 0x0f54, 0, 0},
	ANDNPD_XX:   {"andnpd", "XX", encRM, 0x66, 0, 0x0f55, 0, 0},
	ANDNPD_XM:   {"andnpd", "XM", encRM, 0x66, 0, 0x0f55, 0, 0},
	ORPD_XX:     {"orpd", "XX", encRM, 0x66, 0, 0x0f56, 0, 0},
	ORPD_XM:     {"orpd", "XM", encRM, 0x66, 0, 0x0f56, 0, 0},
	XORPD_XX:    {"xorpd", "XX", encRM, 0x66, 0, 0x0f57, 0, 0},
	XORPD_XM:    {"xorpd", "XM", encRM, 0x66, 0, 0x0f57, 0, 0},
	PXOR_XX:     {"pxor", "XX", encRM, 0x66, 0, 0x0fef, 0, 0},
	PXOR_XM:     {"pxor", "XM", encRM, 0x66, 0, 0x0fef, 0, 0},
	XORPS_XX:    {"xorps", "XX", encRM, 0, 0, 0x0f57, 0, 0},
	XORPS_XM:    {"xorps", "XM", encRM, 0, 0, 0x0f57, 0, 0},
	MOVMSKPD_RX: {"movmskpd", "lX", encRM, 0x66, 0, 0x0f50, 0, 0},
	MOVSD_XM:    {"movsd", "XM", encRM, 0xf2, 0, 0x0f10, 0, 0},
	MOVSD_MX:    {"movsd", "MX", encMR, 0xf2, 0, 0x0f11, 0, 0},
	MOVSS_XM:    {"movss", "XM", encRM, 0xf3, 0, 0x0f10, 0, 0},
	MOVSS_MX:    {"movss", "MX", encMR, 0xf3, 0, 0x0f11, 0, 0},
	MOVAPD_XX:   {"movapd", "XX", encRM, 0x66, 0, 0x0f28, 0, 0},
	MOVAPD_XM:   {"movapd", "XM", encRM, 0x66, 0, 0x0f28, 0, 0},
	MOVAPD_MX:   {"movapd", "MX", encMR, 0x66, 0, 0x0f29, 0, 0},
	MOVAPS_XX:   {"movaps", "XX", encRM, 0, 0, 0x0f28, 0, 0},
	MOVAPS_XM:   {"movaps", "XM", encRM, 0, 0, 0x0f28, 0, 0},
	MOVAPS_MX:   {"movaps", "MX", encMR, 0, 0, 0x0f29, 0, 0},
	MOVUPS_XM:   {"movups", "XM", encRM, 0, 0, 0x0f10, 0, 0},
	MOVUPS_MX:   {"movups", "MX", encMR, 0, 0, 0x0f11, 0, 0},
	MOVQ_XR:     {"movq", "Xq", encRM, 0x66, 1, 0x0f6e, 0, 0},
	MOVQ_RX:     {"movq", "qX", encMR, 0x66, 1, 0x0f7e, 0, 0},
	MOVD_XR:     {"movd", "Xl", encRM, 0x66, 0, 0x0f6e, 0, 0},
	MOVD_RX:     {"movd", "lX", encMR, 0x66, 0, 0x0f7e, 0, 0},

	// Fused multiplication and addition (FMA3). The digits say which operands are multiplied, the third one is added.
	VFMADD132SD_XXX:  {"vfmadd132sd", "XXX", encVRM, 0x66, 1, 0x0f3899, 0, 0},
	VFMADD132SD_XXM:  {"vfmadd132sd", "XXM", encVRM, 0x66, 1, 0x0f3899, 0, 0},
	VFMADD213SD_XXX:  {"vfmadd213sd", "XXX", encVRM, 0x66, 1, 0x0f38a9, 0, 0},
	VFMADD213SD_XXM:  {"vfmadd213sd", "XXM", encVRM, 0x66, 1, 0x0f38a9, 0, 0},
	VFMADD231SD_XXX:  {"vfmadd231sd", "XXX", encVRM, 0x66, 1, 0x0f38b9, 0, 0},
	VFMADD231SD_XXM:  {"vfmadd231sd", "XXM", encVRM, 0x66, 1, 0x0f38b9, 0, 0},
	VFMSUB132SD_XXX:  {"vfmsub132sd", "XXX", encVRM, 0x66, 1, 0x0f389b, 0, 0},
	VFMSUB132SD_XXM:  {"vfmsub132sd", "XXM", encVRM, 0x66, 1, 0x0f389b, 0, 0},
	VFMSUB213SD_XXX:  {"vfmsub213sd", "XXX", encVRM, 0x66, 1, 0x0f38ab, 0, 0},
	VFMSUB213SD_XXM:  {"vfmsub213sd", "XXM", encVRM, 0x66, 1, 0x0f38ab, 0, 0},
	VFMSUB231SD_XXX:  {"vfmsub231sd", "XXX", encVRM, 0x66, 1, 0x0f38bb, 0, 0},
	VFMSUB231SD_XXM:  {"vfmsub231sd", "XXM", encVRM, 0x66, 1, 0x0f38bb, 0, 0},
	VFNMADD132SD_XXX: {"vfnmadd132sd", "XXX", encVRM, 0x66, 1, 0x0f389d, 0, 0},
	VFNMADD132SD_XXM: {"vfnmadd132sd", "XXM", encVRM, 0x66, 1, 0x0f389d, 0, 0},
	VFNMADD213SD_XXX: {"vfnmadd213sd", "XXX", encVRM, 0x66, 1, 0x0f38ad, 0, 0},
	VFNMADD213SD_XXM: {"vfnmadd213sd", "XXM", encVRM, 0x66, 1, 0x0f38ad, 0, 0},
	VFNMADD231SD_XXX: {"vfnmadd231sd", "XXX", encVRM, 0x66, 1, 0x0f38bd, 0, 0},
	VFNMADD231SD_XXM: {"vfnmadd231sd", "XXM", encVRM, 0x66, 1, 0x0f38bd, 0, 0},
	VFNMSUB132SD_XXX: {"vfnmsub132sd", "XXX", encVRM, 0x66, 1, 0x0f389f, 0, 0},
	VFNMSUB132SD_XXM: {"vfnmsub132sd", "XXM", encVRM, 0x66, 1, 0x0f389f, 0, 0},
	VFNMSUB213SD_XXX: {"vfnmsub213sd", "XXX", encVRM, 0x66, 1, 0x0f38af, 0, 0},
	VFNMSUB213SD_XXM: {"vfnmsub213sd", "XXM", encVRM, 0x66, 1, 0x0f38af, 0, 0},
	VFNMSUB231SD_XXX: {"vfnmsub231sd", "XXX", encVRM, 0x66, 1, 0x0f38bf, 0, 0},
	VFNMSUB231SD_XXM: {"vfnmsub231sd", "XXM", encVRM, 0x66, 1, 0x0f38bf, 0, 0},
}

// String is the name of the constant.
func (op Op) String() string {
	in := &insts[op]
	var b strings.Builder
	b.WriteString(strings.ToUpper(in.name))
	sep := "_"
	for i := range len(in.args) {
		if in.args[i] == 'C' {
			continue
		}
		b.WriteString(sep)
		sep = ""
		switch in.args[i] {
		case 'q', 'l', 'w', 'b':
			b.WriteByte('R')
		case '1', '2', '4', '8':
			b.WriteByte('I')
		case 'K':
			b.WriteString("CL")
		default:
			b.WriteByte(in.args[i])
		}
	}
	return b.String()
}
