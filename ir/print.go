// The textual form of a function, for dumps and goldens. Parse reads it back exactly. One line a value:
//
//	v3:i64 = AddOvf v1 v2 !resume/overflow site=4 @1(code=0 off=4 raise=4 callable=v0: int v1, obj+ v2 | int v3) L12
//	Branch v4 [1] -> b1(v3), b2()
//
// [..] is Aux (a helper's or constant's by name or value), {..} Heap, /n NFixed. A slot is its kind, + if owned, and its values; the
// stack comes after |. A frame state that several guards share is written in full where it first occurs and named (@1) afterwards.

package ir

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

var heapNames = [...]string{"ref", "class", "list", "dict", "cell", "attr", "thread", "scratch", "const", "other"}

func (h Heap) String() string {
	if h&HeapAll == HeapAll {
		rest := (h &^ HeapAll).String()
		if rest == "" {
			return "all"
		}
		return "all " + rest
	}
	var names []string
	for i, n := range heapNames {
		if h&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

type printer struct {
	strings.Builder
	states map[*FrameState]int
}

// String is the whole function.
func (f *Func) String() string {
	p := &printer{states: map[*FrameState]int{}}
	fmt.Fprintf(p, "func %q code=%d record=%#x off=%d nlocals=%d stack=%d line=%d", f.Name, f.Code, f.Record, f.Off, f.NLocals, f.StackSize, f.FirstLine)
	for _, flag := range f.flags() {
		if *flag.on {
			p.WriteString(" " + flag.name)
		}
	}
	p.WriteByte('\n')
	if len(f.Key) > 0 {
		p.WriteString("key ")
		for i, s := range f.Key {
			if i > 0 {
				p.WriteString(", ")
			}
			p.WriteString(s.Kind.String())
			if s.Owned {
				p.WriteByte('+')
			}
			if i < len(f.KeyClass) && f.KeyClass[i] != 0 {
				fmt.Fprintf(p, "<%#x>", uint64(f.KeyClass[i]))
			}
		}
		p.WriteByte('\n')
	}
	for _, c := range f.Callees {
		fmt.Fprintf(p, "callee %q addr=%#x", c.Name, c.Addr)
		if c.Func != nil {
			p.WriteString(" unit")
		}
		p.WriteByte('\n')
	}
	for _, o := range f.Objects {
		fmt.Fprintf(p, "object %#x\n", o)
	}
	if f.Entry != nil {
		p.WriteString("entry ")
		p.state(f.Entry)
		p.WriteByte('\n')
	}
	for _, b := range f.Blocks {
		p.block(b)
	}
	return p.Builder.String()
}

type funcFlag struct {
	name string
	on   *bool
}

func (f *Func) flags() []funcFlag {
	return []funcFlag{{"resume", &f.Resume}, {"frame", &f.HasFrame}, {"recording", &f.Recording}, {"general", &f.General}}
}

// String is the block with its values.
func (b *Block) String() string {
	p := &printer{states: map[*FrameState]int{}}
	p.block(b)
	return p.Builder.String()
}

func (p *printer) block(b *Block) {
	fmt.Fprintf(p, "b%d(", b.ID)
	for i, v := range b.Params {
		if i > 0 {
			p.WriteString(", ")
		}
		fmt.Fprintf(p, "v%d:%s", v.ID, v.Type)
	}
	fmt.Fprintf(p, "): off=%d", b.Off)
	if b.Cold {
		p.WriteString(" cold")
	}
	p.WriteByte('\n')
	for _, v := range b.Values {
		p.WriteString("  ")
		p.value(v)
		p.WriteByte('\n')
	}
	if b.Ctrl == nil {
		return
	}
	p.WriteString("  ")
	p.value(b.Ctrl)
	p.WriteByte('\n')
}

// LongString is the value with its operation and all that belongs to it; String is only its name.
func (v *Value) LongString() string {
	p := &printer{states: map[*FrameState]int{}}
	p.value(v)
	return p.Builder.String()
}

func (v *Value) String() string { return "v" + strconv.Itoa(int(v.ID)) }

func (b *Block) name() string { return "b" + strconv.Itoa(int(b.ID)) }

func (p *printer) value(v *Value) {
	if v.Op.Is(Control) {
		p.WriteString(v.Op.String())
	} else {
		fmt.Fprintf(p, "v%d:%s = %s", v.ID, v.Type, v.Op)
	}
	for _, a := range v.Args {
		p.WriteByte(' ')
		p.WriteString(a.String())
	}
	if v.Aux != 0 || v.Op.Is(Constant) && v.Op.Is(UsesAux) || v.Op == OpCallHelper {
		p.WriteString(" [" + v.auxString() + "]")
	}
	if v.Heap != 0 {
		p.WriteString(" {" + v.Heap.String() + "}")
	}
	if v.NFixed >= 0 {
		fmt.Fprintf(p, " /%d", v.NFixed)
	}
	if v.Block != nil && v.Block.Ctrl == v && len(v.Block.Succs) > 0 {
		p.WriteString(" ->")
		for i, e := range v.Block.Succs {
			if i > 0 {
				p.WriteByte(',')
			}
			p.WriteByte(' ')
			p.WriteString(e.To.name())
			p.WriteByte('(')
			for j, a := range e.Args {
				if j > 0 {
					p.WriteString(", ")
				}
				p.WriteString(a.String())
			}
			p.WriteByte(')')
		}
	}
	if v.FS != nil || v.Exit != (ExitInfo{Site: NoSite, SiteSlot: -1}) {
		fmt.Fprintf(p, " !%s/%s", v.Exit.Kind, v.Exit.Reason)
		if v.Exit.Site != NoSite {
			fmt.Fprintf(p, " site=%d", v.Exit.Site)
		}
		if v.Exit.SiteSlot != -1 {
			fmt.Fprintf(p, " slot=%d", v.Exit.SiteSlot)
		}
		if v.Exit.Chosen {
			p.WriteString(" chosen")
		}
	}
	if v.FS != nil {
		p.WriteByte(' ')
		p.state(v.FS)
	}
	if v.Line != 0 {
		fmt.Fprintf(p, " L%d", v.Line)
	}
}

func (v *Value) auxString() string {
	switch v.Op {
	case OpConstFloat:
		x := math.Float64frombits(uint64(v.Aux))
		if x != x {
			return fmt.Sprintf("nan:%#x", uint64(v.Aux))
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	case OpConstObj, OpConstPtr, OpGuardClass, OpTick, OpRecordClass:
		return fmt.Sprintf("%#x", uint64(v.Aux))
	case OpCallHelper:
		if v.Aux >= 0 && v.Aux < int64(len(Helpers)) {
			return Helpers[v.Aux].Name
		}
	}
	return strconv.FormatInt(v.Aux, 10)
}

// String is the frame state in full.
func (fs *FrameState) String() string {
	p := &printer{states: map[*FrameState]int{}}
	p.state(fs)
	return p.Builder.String()
}

func (p *printer) state(fs *FrameState) {
	depth := 0
	for ; ; depth++ {
		n, known := p.states[fs]
		if !known {
			n = len(p.states) + 1
			p.states[fs] = n
		}
		fmt.Fprintf(p, "@%d", n)
		if known {
			break
		}
		fmt.Fprintf(p, "(code=%d off=%d raise=%d", fs.Code, fs.Off, fs.RaiseOff)
		if fs.Callable != nil {
			p.WriteString(" callable=" + fs.Callable.String())
		}
		p.WriteByte(':')
		for i := range fs.Slots {
			switch i {
			case fs.NLocals:
				p.WriteString(" |")
			case 0:
			default:
				p.WriteByte(',')
			}
			s := &fs.Slots[i]
			p.WriteByte(' ')
			p.WriteString(s.Kind.String())
			if s.Tagged {
				p.WriteByte('#')
			}
			if s.Owned {
				p.WriteByte('+')
			}
			for _, v := range s.Vals {
				if v != nil {
					p.WriteString(" " + v.String())
				}
			}
		}
		if fs.NLocals >= len(fs.Slots) {
			p.WriteString(" |")
		}
		if fs.Parent == nil {
			p.WriteByte(')')
			break
		}
		p.WriteString(" ^ ")
		fs = fs.Parent
	}
	p.WriteString(strings.Repeat(")", depth))
}
