// Text of a decoded function, for GOPHERSNAKE_DUMP=decode and for goldens.
package decoder

import (
	"fmt"
	"strconv"
	"strings"
)

// Dump tells everything the decoder found out.
func Dump(f *Func) string {
	var w strings.Builder
	c := f.Code
	fmt.Fprintf(&w, "code %s (CPython %s): %d units, stack %d, line %d\n", c.QualName, f.Version, f.Units(), c.StackSize, c.FirstLine)
	var locals []string
	for n, l := range c.Locals {
		text := l.Name
		if n < f.Params {
			text += " param"
		}
		if f.Borrowed.Has(n) {
			text += " borrowed"
		}
		if l.Kind&LocalCell != 0 {
			text += " cell"
		}
		if l.Kind&LocalFree != 0 {
			text += " free"
		}
		locals = append(locals, text)
	}
	fmt.Fprintf(&w, "locals: %s\n", strings.Join(locals, ", "))
	if f.Irreducible {
		w.WriteString("irreducible\n")
	}
	for _, h := range f.Handlers {
		fmt.Fprintf(&w, "handler %d-%d -> %d depth %d", h.Start, h.End, h.Target, h.Depth)
		if h.Lasti {
			w.WriteString(" lasti")
		}
		w.WriteByte('\n')
	}
	for n := range f.Blocks {
		b := &f.Blocks[n]
		fmt.Fprintf(&w, "\nb%d:", n)
		if b.Depth < 0 {
			w.WriteString(" unreachable")
		} else {
			fmt.Fprintf(&w, " depth %d live {%s}", b.Depth, strings.Join(f.localNames(f.LiveIn(n)), " "))
		}
		if b.LoopHeader {
			w.WriteString(" header")
		}
		if b.Loop >= 0 {
			fmt.Fprintf(&w, " loop %d", f.Loops[b.Loop].Depth)
		}
		if b.Except >= 0 {
			fmt.Fprintf(&w, " except b%d", b.Except)
		}
		w.WriteByte('\n')
		for i := b.First; i < b.Last; i++ {
			in := &f.Instrs[i]
			fmt.Fprintf(&w, "  %4d  line %-4d depth %-2d  %s\n", in.Off, f.Line(in.At), in.Depth, f.Text(in))
		}
		if len(b.Succs) > 0 {
			w.WriteString("  ->")
			for _, e := range b.Succs {
				fmt.Fprintf(&w, " b%d", e.To)
				if e.Back {
					w.WriteString(" (back)")
				}
			}
			w.WriteByte('\n')
		}
	}
	return w.String()
}

func (f *Func) localNames(set Bits) []string {
	var names []string
	for n, l := range f.Code.Locals {
		if set.Has(n) {
			names = append(names, l.Name)
		}
	}
	return names
}

// Text is one instruction as a person wants to see it.
func (f *Func) Text(i *Instr) string {
	text := i.Op.String()
	switch {
	case i.Op == OpBinaryOp:
		text += " " + binText[i.Arg]
		if i.Flags&FlagInPlace != 0 {
			text += "="
		}
	case i.Op == OpCompare:
		text += " " + cmpText[i.Arg]
	case i.Op == OpIs && i.Arg == 1, i.Op == OpContains && i.Arg == 1:
		text += " not"
	case i.Op.UsesLocal():
		text += " " + f.Code.Locals[i.Arg].Name
	case i.Op.UsesName():
		text += " " + f.Code.Names[i.Arg]
	case i.Op.UsesConst():
		text += " " + f.Code.Consts[i.Arg].String()
	case i.Target != NoTarget:
		text += fmt.Sprintf(" %d", i.Target)
	case i.Arg != 0:
		text += fmt.Sprintf(" %d", i.Arg)
	}
	if i.Kw >= 0 {
		text += " keywords " + f.Code.Consts[i.Kw].String()
	}
	for _, flag := range []struct {
		bit  Flags
		text string
	}{{FlagPushNull, "null"}, {FlagKeep, "keep"}, {FlagBackward, "backward"}, {FlagNoPoll, "nopoll"}, {FlagToBool, "bool"},
		{FlagMethod, "method"}} {
		if i.Flags&flag.bit != 0 {
			text += " " + flag.text
		}
	}
	return text
}

// String is the object as far as the snapshot knows it.
func (o *Object) String() string {
	if o == nil {
		return "nothing"
	}
	switch o.Kind {
	case ObjNone, ObjEllipsis:
		return o.Kind.String()
	case ObjBool:
		if o.Int != 0 {
			return "True"
		}
		return "False"
	case ObjInt:
		if o.Fits() {
			return strconv.FormatInt(o.Int, 10)
		}
		return "big int"
	case ObjFloat:
		return strconv.FormatFloat(o.Float, 'g', -1, 64)
	case ObjStr:
		return strconv.Quote(o.Text)
	case ObjTuple:
		// Tuples hold each other only downwards in a live process, but a damaged snapshot may hold a ring.
		var items []string
		for _, item := range o.Items {
			if item.Kind == ObjTuple {
				items = append(items, "(...)")
			} else {
				items = append(items, item.String())
			}
		}
		return "(" + strings.Join(items, ", ") + ")"
	}
	return o.Kind.String()
}
