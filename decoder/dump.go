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
		{FlagMethod, "method"}, {FlagTwoArgs, "two"}, {FlagIndexed, "indexed"}, {FlagBorrow, "borrow"}, {FlagLazy, "lazy"}} {
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

// DumpSnapshot tells what a snapshot says of the live objects, without addresses.
func DumpSnapshot(s *Snapshot) string {
	var w strings.Builder
	fmt.Fprintf(&w, "snapshot CPython %s, %s, at %d\n", s.Version, s.Mode, s.Off)
	for n, slot := range s.Slots {
		place := fmt.Sprintf("stack %d", n-s.NLocals)
		if n < s.NLocals {
			place = s.Codes[0].Locals[n].Name
		}
		fmt.Fprintf(&w, "slot %s: kind %d", place, slot.Kind)
		if slot.Object != nil {
			fmt.Fprintf(&w, " %s", slot.Object.look(2))
		}
		w.WriteByte('\n')
	}
	for _, c := range s.Codes {
		fmt.Fprintf(&w, "code %s: %d units, %d sites\n", c.QualName, len(c.Bytecode)/2, len(c.Sites))
		for _, n := range c.Globals {
			if n != nil {
				w.WriteString("  global " + n.text() + "\n")
			}
		}
	}
	for _, f := range s.Functions {
		name := "not here"
		if f.Code != nil {
			name = f.Code.QualName
		}
		fmt.Fprintf(&w, "function %s:", name)
		for _, o := range f.Defaults {
			fmt.Fprintf(&w, " default %s", o)
		}
		for _, o := range f.Cells {
			fmt.Fprintf(&w, " cell %s", o.look(1))
		}
		for _, o := range f.KwDefaultItems {
			fmt.Fprintf(&w, " keyword %s", o)
		}
		w.WriteByte('\n')
	}
	for _, t := range s.Types {
		fmt.Fprintf(&w, "type %s: flags %d\n", t.Name, t.Flags)
		for _, n := range t.Attrs {
			w.WriteString("  has " + n.text() + "\n")
		}
	}
	for _, o := range s.Objects {
		if o.Kind == ObjModule {
			w.WriteString("module\n")
			for _, n := range o.Attrs {
				w.WriteString("  has " + n.text() + "\n")
			}
		}
	}
	return w.String()
}

func (n *Name) text() string {
	text := fmt.Sprintf("%s: %s", n.Name, [...]string{"nowhere", "in globals", "in builtins", "in module", "in type", "in instance"}[n.Where])
	if n.Value != nil {
		text += " " + n.Value.look(1)
	}
	if n.Where != InType && n.Where != InInstance && !n.Guardable() {
		text += ", not guardable"
	}
	return text
}

// look describes an object and what it holds, depth levels deep.
func (o *Object) look(depth int) string {
	text := o.String()
	if o.Type != nil && (o.Kind == ObjOther || o.Kind == ObjStr) {
		text += " of " + o.Type.Name
	}
	switch o.Kind {
	case ObjList, ObjTuple, ObjDict, ObjSet:
		text += fmt.Sprintf(" of length %d", o.Int)
		if o.Same() {
			text += ", all alike"
		}
	case ObjType:
		if o.TypeOf != nil {
			text += " " + o.TypeOf.Name
		}
	case ObjFunction:
		if o.Func != nil && o.Func.Code != nil {
			text += " " + o.Func.Code.QualName
		}
	}
	if depth > 0 && o.Key != nil {
		text += " [key " + o.Key.look(depth-1) + "]"
	}
	if depth > 0 && o.Item != nil {
		text += " [item " + o.Item.look(depth-1) + "]"
	}
	return text
}
