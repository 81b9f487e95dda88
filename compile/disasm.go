// Disassembly of a unit, with what each instruction is for. This is for people
// only; nothing is decided by it.
package compile

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"

	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/amd64"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// asmLine is an instruction. Offsets are from the unit's first byte of code.
type asmLine struct {
	Offset  int      `json:"offset"`
	Labels  []string `json:"labels,omitempty"` // entries that are here
	Notes   []string `json:"notes,omitempty"`  // blocks and SSA values that begin here
	Line    int      `json:"line,omitempty"`   // of the source; 0: as before
	Bytes   string   `json:"bytes"`
	Text    string   `json:"text"`
	Comment string   `json:"comment,omitempty"` // what an address or a constant is
}

// assembly is code with all that is known of it.
type assembly struct {
	code   []byte
	funcs  []emitter.UnitFunc
	exits  []string // what each exit is for
	notes  []emitter.Note
	refs   []emitter.Ref // in code without addresses; with addresses data tells as much
	data   uint64
	names  names
	isa    string
	lines  []asmLine
	labels map[int][]string
}

func (w *work) disassemble() []asmLine {
	u := w.unit
	a := &assembly{code: u.Code, funcs: u.Funcs, notes: u.Notes, refs: u.Refs, names: w.d.names(w.snap), isa: w.d.target.Name()}
	for i := range u.Exits {
		a.exits = append(a.exits, exitText(i, u.Exits[i].Kind.String(), u.Exits[i].Reason.String()))
	}
	return a.disassemble()
}

func exitText(number int, kind, reason string) string {
	return fmt.Sprintf("exit %d: %s, %s", number, kind, reason)
}

// disassemble is constant in its conditions as newTarget is.
func (a *assembly) disassemble() []asmLine {
	switch {
	case runtime.GOARCH == "amd64" && a.isa == runtime.GOARCH:
		a.amd64()
	case runtime.GOARCH == "arm64" && a.isa == runtime.GOARCH:
		a.arm64()
	}
	return a.lines
}

// begin notes the entries.
func (a *assembly) begin() {
	a.labels = map[int][]string{}
	label := func(at int, f *emitter.UnitFunc, what string) {
		if at >= 0 {
			a.labels[at] = append(a.labels[at], f.Name+": "+what)
		}
	}
	for i := range a.funcs {
		f := &a.funcs[i]
		label(f.Stub, f, "vectorcall stub")
		label(f.Memory, f, "memory entry")
		label(f.Register, f, "register entry")
	}
}

// add appends an instruction with what is noted at its offset.
func (a *assembly) add(at, length int, text, comment string) {
	l := asmLine{Offset: at, Labels: a.labels[at], Bytes: fmt.Sprintf("%x", a.code[at:at+length]), Text: text, Comment: comment}
	for len(a.notes) > 0 && a.notes[0].Off < at+length {
		note, line, told := strings.Cut(a.notes[0].Text, " ;line ")
		l.Notes = append(l.Notes, a.names.replace(helperName(note)))
		if n, err := strconv.Atoi(line); told && err == nil {
			l.Line = n
		}
		a.notes = a.notes[1:]
	}
	for len(a.refs) > 0 && a.refs[0].Off < at+length {
		if a.refs[0].Off >= at {
			l.Comment = a.dataName(a.refs[0].Data)
		}
		a.refs = a.refs[1:]
	}
	a.lines = append(a.lines, l)
}

// dataName tells what is at an offset of the data area.
func (a *assembly) dataName(off int) string {
	fields := map[int]string{pyabi.FuncCalls: "calls", pyabi.FuncNext: "next", pyabi.FuncStub: "stub",
		pyabi.FuncRegisterEntry: "register entry", pyabi.FuncMemoryEntry: "memory entry"}
	switch at := off - emitter.FuncOffset(0); {
	case off == 0:
		return "the unit"
	case off == pyabi.UnitValid:
		return "the unit's validity"
	case at >= 0 && at < len(a.funcs)*pyabi.SizeFunc && fields[at%pyabi.SizeFunc] != "":
		return a.funcs[at/pyabi.SizeFunc].Name + ": " + fields[at%pyabi.SizeFunc]
	case at >= len(a.funcs)*pyabi.SizeFunc:
		if at -= len(a.funcs) * pyabi.SizeFunc; at < len(a.exits)*pyabi.SizeExit && at%pyabi.SizeExit == pyabi.ExitForce {
			return fmt.Sprintf("forces exit %d", at/pyabi.SizeExit)
		}
	}
	return fmt.Sprintf("data%+#x", off)
}

// word tells what a 64-bit word in the code is, or "".
func (a *assembly) word(v uint64, float bool) string {
	if name := a.names.of(v); name != "" {
		return name
	}
	if a.data != 0 && v >= a.data && v < a.data+1<<32 {
		return a.dataName(int(v - a.data))
	}
	if float && v>>52&0x7ff != 0 { // words that are moved through these registers look like tiny floats
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	}
	return fmt.Sprintf("%#x", v)
}

// amd64 goes through the instructions. The constant pool lies behind them, and
// begins where the first of its words that some instruction reads is.
func (a *assembly) amd64() {
	a.begin()
	end := len(a.code)
	for at := 0; at < end; {
		old, mnemonic, second, vex := amd64.WithoutVEX(a.code[at:end])
		if !vex {
			old = a.code[at:end]
		}
		inst, err := x86asm.Decode(old, 64)
		if err != nil {
			inst.Len = 1
			a.add(at, 1, fmt.Sprintf("byte %#x", a.code[at]), "")
			at++
			continue
		}
		next := at + inst.Len
		text, comment := x86asm.IntelSyntax(inst, uint64(at), nil), ""
		if vex {
			_, operands, _ := strings.Cut(text, "addsd ")
			first, last, _ := strings.Cut(operands, ", ")
			text = fmt.Sprintf("%s %s, %v, %s", mnemonic, first, second, last)
		}
		for _, arg := range inst.Args {
			switch arg := arg.(type) {
			case x86asm.Rel:
				text = fmt.Sprintf("%s %#x", strings.ToLower(inst.Op.String()), next+int(arg))
			case x86asm.Imm:
				if v := uint64(arg); v > math.MaxUint32 && int64(arg) > 0 {
					comment = a.word(v, false)
				} else if name := a.names.of(v); name != "" {
					comment = name
				}
			case x86asm.Mem:
				if arg.Base != x86asm.RIP {
					continue
				}
				pool := next + int(arg.Disp)
				if pool < next || pool+8 > len(a.code) {
					continue
				}
				end = min(end, pool)
				first, _ := inst.Args[0].(x86asm.Reg)
				comment = a.word(binary.LittleEndian.Uint64(a.code[pool:]), first >= x86asm.X0 && first <= x86asm.X15)
			}
		}
		a.add(at, inst.Len, text, comment)
		at = next
	}
	for n := len(a.lines); n > 0 && a.lines[n-1].Bytes == "cc"; n-- { // padding before the pool
		a.lines = a.lines[:n-1]
	}
	a.nameExits("push %v", "jmp ", "j")
}

// arm64 goes through the instructions, up to the first word of the pool that one of them reads.
func (a *assembly) arm64() {
	a.begin()
	end := len(a.code)
	var moved uint64 // the constant that a register gets in parts
	for at := 0; at+4 <= end; at += 4 {
		inst, err := arm64asm.Decode(a.code[at:])
		if err != nil {
			a.add(at, 4, fmt.Sprintf("word %#x", binary.LittleEndian.Uint32(a.code[at:])), "")
			continue
		}
		text, comment := arm64asm.GNUSyntax(inst), ""
		for _, arg := range inst.Args {
			switch arg := arg.(type) {
			case arm64asm.PCRel:
				target := at + int(arg)
				text = text[:strings.LastIndexByte(text, ' ')+1] + fmt.Sprintf("%#x", target)
				if inst.Op == arm64asm.LDR && target >= 0 && target+8 <= len(a.code) {
					end = min(end, target)
					register, _ := inst.Args[0].(arm64asm.Reg)
					comment = a.literal(target, register >= arm64asm.D0 && register <= arm64asm.D31)
				}
			}
		}
		switch word := binary.LittleEndian.Uint32(a.code[at:]); word >> 23 {
		case 0x1a5, 0x1e5: // MOVZ, MOVK
			shift := word >> 21 & 3 * 16
			part := uint64(word>>5&0xffff) << shift
			if word>>23 == 0x1e5 {
				part |= moved &^ (0xffff << shift)
			}
			moved = part
			comment = a.names.of(moved)
		}
		a.add(at, 4, text, comment)
	}
	for n := len(a.lines); n > 0 && strings.HasPrefix(a.lines[n-1].Text, "brk "); n-- { // padding before the pool
		a.lines = a.lines[:n-1]
	}
	a.nameExits("mov x16, #%v", "b ", "bct")
}

// literal tells what a word of the pool is, which may be an address that is not written yet.
func (a *assembly) literal(at int, float bool) string {
	for _, r := range a.refs {
		if r.Off == at {
			return a.dataName(r.Data)
		}
	}
	return a.word(binary.LittleEndian.Uint64(a.code[at:]), float)
}

// nameExits tells at each jump to an exit's stub, which begins with the exit's number and jumps on, what it is for. Jumps begin with one of
// these letters.
func (a *assembly) nameExits(stub, jump, jumps string) {
	stubs := map[string]string{}
	for i := 0; i+1 < len(a.lines); i++ {
		var number int
		if n, _ := fmt.Sscanf(a.lines[i].Text, stub, &number); n == 1 && number < len(a.exits) && strings.HasPrefix(a.lines[i+1].Text, jump) {
			a.lines[i].Comment = a.exits[number]
			stubs[fmt.Sprintf("%#x", a.lines[i].Offset)] = a.exits[number]
		}
	}
	for i := range a.lines {
		text := a.lines[i].Text
		if at := strings.LastIndexByte(text, ' '); at > 0 && strings.IndexByte(jumps, text[0]) >= 0 && stubs[text[at+1:]] != "" {
			a.lines[i].Comment = stubs[text[at+1:]]
		}
	}
}

// helperName puts the helper's name for its number at the end of a note.
func helperName(note string) string {
	at := strings.LastIndex(note, " 0x")
	if at < 0 || !strings.Contains(note, " = "+ir.OpCallHelper.String()+" ") {
		return note
	}
	number, err := strconv.ParseUint(note[at+3:], 16, 32)
	if err != nil || number >= uint64(len(ir.Helpers)) {
		return note
	}
	return note[:at+1] + ir.Helpers[number].Name
}

// asmText is a listing for terminals.
func asmText(lines []asmLine) string {
	var text strings.Builder
	line := 0
	for _, l := range lines {
		for _, label := range l.Labels {
			fmt.Fprintf(&text, "%s:\n", label)
		}
		for _, note := range l.Notes {
			fmt.Fprintf(&text, "                ; %s\n", note)
		}
		row := fmt.Sprintf("%6x  %s", l.Offset, l.Text)
		if l.Comment != "" {
			row += "  ; " + l.Comment
		}
		if l.Line != 0 && l.Line != line {
			line = l.Line
			row = fmt.Sprintf("%-60s line %d", row, line)
		}
		text.WriteString(row + "\n")
	}
	return text.String()
}
