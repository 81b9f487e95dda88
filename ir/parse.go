// The reader of the textual form (print.go), so that passes are tested on text. Errors name the line and the reason.

package ir

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

type parser struct {
	f      *Func
	line   int
	rest   string // of the line
	values map[ID]*Value
	blocks map[ID]*Block
	used   map[ID]int // values used before their definition: where
	led    map[ID]int // blocks
	placed map[ID]bool
	states map[int]*FrameState
	block  *Block
}

type parseError struct{ error }

func (p *parser) fail(format string, args ...any) {
	panic(parseError{fmt.Errorf("line %d: %s", p.line, fmt.Sprintf(format, args...))})
}

// Parse reads a function in the form that Func.String gives. Empty lines and lines that begin with # are skipped.
func Parse(text string) (f *Func, err error) {
	p := &parser{f: NewFunc(""), values: map[ID]*Value{}, blocks: map[ID]*Block{}, used: map[ID]int{}, led: map[ID]int{},
		placed: map[ID]bool{}, states: map[int]*FrameState{}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(parseError)
			if !ok {
				panic(r)
			}
			f, err = nil, e.error
		}
	}()
	for line := range strings.Lines(text) {
		p.line++
		p.rest = strings.TrimSpace(line)
		if p.rest == "" || p.rest[0] == '#' {
			continue
		}
		p.parseLine()
		if p.space(); p.rest != "" {
			p.fail("%q is left over", p.rest)
		}
	}
	p.undefined("v", p.used)
	p.undefined("b", p.led)
	if len(p.f.Blocks) == 0 {
		p.fail("no blocks")
	}
	for _, b := range p.f.Blocks {
		if b.Ctrl != nil { // has no name in the text
			b.Ctrl.ID = p.f.nextValue
			p.f.nextValue++
		}
	}
	return p.f, nil
}

// undefined fails if something was used and never defined.
func (p *parser) undefined(prefix string, uses map[ID]int) {
	first := ID(-1)
	for id := range uses {
		if first < 0 || id < first {
			first = id
		}
	}
	if first >= 0 {
		p.line = uses[first]
		p.fail("%s%d is never defined", prefix, first)
	}
}

func (p *parser) parseLine() {
	switch {
	case p.eat("func "):
		p.header()
	case p.eat("key "):
		p.key()
	case p.eat("callee "):
		c := &Callee{Name: p.quoted()}
		p.want("addr=")
		c.Addr = p.unsigned()
		if p.eat("unit") {
			c.Func = NewFunc(c.Name)
		}
		p.f.Callees = append(p.f.Callees, c)
	case p.eat("object "):
		p.f.Objects = append(p.f.Objects, p.unsigned())
	case p.eat("entry "):
		p.f.Entry = p.state()
	case p.rest[0] == 'b' && strings.Contains(p.rest, "): off="):
		p.blockHeader()
	default:
		p.value()
	}
}

// space skips blanks.
func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " ") }

// eat skips s if it comes next.
func (p *parser) eat(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) want(s string) {
	if !p.eat(s) {
		p.fail("%q expected before %q", s, p.rest)
	}
}

// word takes what stands before the next of these bytes.
func (p *parser) word(stop string) string {
	p.space()
	n := strings.IndexAny(p.rest, stop)
	if n < 0 {
		n = len(p.rest)
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

const ends = " ,()[]{}<>:|^"

func (p *parser) number() int64 {
	w := p.word(ends)
	if n, err := strconv.ParseInt(w, 0, 64); err == nil {
		return n
	}
	n, err := strconv.ParseUint(w, 0, 64)
	if err != nil {
		p.fail("%q is no number", w)
	}
	return int64(n)
}

func (p *parser) unsigned() uint64 { return uint64(p.number()) }

func (p *parser) small(limit int64) int64 {
	n := p.number()
	if n < 0 || n > limit {
		p.fail("%d is out of range", n)
	}
	return n
}

func (p *parser) quoted() string {
	p.space()
	q, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		p.fail("a quoted name expected before %q", p.rest)
	}
	p.rest = p.rest[len(q):]
	s, _ := strconv.Unquote(q)
	return s
}

func (p *parser) header() {
	f := p.f
	f.Name = p.quoted()
	p.want("code=")
	f.Code = int(p.small(math.MaxInt32))
	p.want("record=")
	f.Record = p.unsigned()
	p.want("off=")
	f.Off = uint32(p.small(math.MaxUint32))
	p.want("nlocals=")
	f.NLocals = int(p.small(math.MaxInt32))
	p.want("stack=")
	f.StackSize = int(p.small(math.MaxInt32))
	p.want("line=")
	f.FirstLine = int32(p.small(math.MaxInt32))
	for _, flag := range f.flags() {
		*flag.on = p.eat(flag.name)
	}
}

func (p *parser) slotKind() SlotKind {
	w := p.word(ends + "+#")
	for k, n := range slotNames {
		if n == w {
			return SlotKind(k)
		}
	}
	p.fail("%q is no kind of slot", w)
	return 0
}

func (p *parser) key() {
	for {
		s := Slot{Kind: p.slotKind()}
		s.Owned = p.eat("+")
		class := Class(0)
		if p.eat("<") {
			class = Class(p.unsigned())
			p.want(">")
		}
		p.f.Key = append(p.f.Key, s)
		p.f.KeyClass = append(p.f.KeyClass, class)
		if !p.eat(",") {
			return
		}
	}
}

// blockRef finds the block of an ID, making it if it comes later.
func (p *parser) blockRef() *Block {
	p.want("b")
	id := ID(p.small(1 << 20))
	b := p.blocks[id]
	if b == nil {
		b = &Block{ID: id}
		p.blocks[id] = b
		p.led[id] = p.line
		p.f.nextBlock = max(p.f.nextBlock, id+1)
	}
	return b
}

func (p *parser) blockHeader() {
	b := p.blockRef()
	if p.placed[b.ID] {
		p.fail("b%d is defined twice", b.ID)
	}
	p.placed[b.ID] = true
	delete(p.led, b.ID)
	p.f.Blocks = append(p.f.Blocks, b)
	p.block = b
	p.want("(")
	for !p.eat(")") {
		if len(b.Params) > 0 {
			p.want(",")
		}
		v := p.define()
		p.want(":")
		v.Type, v.Op = p.typ(), OpParam
		b.Params = append(b.Params, v)
	}
	p.want(":")
	p.want("off=")
	b.Off = uint32(p.small(math.MaxUint32))
	b.Cold = p.eat("cold")
}

func (p *parser) typ() (t Type) {
	w := p.word(ends)
	found := false
	for k, n := range kindNames {
		if n == w {
			t.Kind, found = Kind(k), true
		}
	}
	if !found {
		p.fail("%q is no kind of value", w)
	}
	if p.eat("<") {
		t.Class = Class(p.unsigned())
		p.want(">")
	}
	return t
}

// ref finds the value of an ID, making it if it comes later.
func (p *parser) ref() *Value {
	p.want("v")
	id := ID(p.small(1 << 24))
	v := p.values[id]
	if v == nil {
		v = &Value{ID: id, NFixed: -1}
		v.Exit.Site, v.Exit.SiteSlot = NoSite, -1
		p.values[id] = v
		p.used[id] = p.line
		p.f.nextValue = max(p.f.nextValue, id+1)
	}
	return v
}

func (p *parser) define() *Value {
	v := p.ref()
	if _, open := p.used[v.ID]; !open {
		p.fail("v%d is defined twice", v.ID)
	}
	delete(p.used, v.ID)
	v.Block = p.block
	return v
}

var opByName = map[string]Op{}

func init() {
	for op := OpInvalid + 1; op < NumOps; op++ {
		opByName[Ops[op].Name] = op
	}
}

func (p *parser) value() {
	if p.block == nil {
		p.fail("a value before the first block")
	}
	var v *Value
	if p.rest[0] == 'v' {
		v = p.define()
		p.want(":")
		v.Type = p.typ()
		p.want("=")
	}
	name := p.word(ends)
	op, ok := opByName[name]
	if !ok {
		p.fail("%q is no operation", name)
	}
	switch {
	case op == OpParam:
		p.fail("a parameter among the values")
	case op.Is(Control) && v != nil:
		p.fail("%s has no result", op)
	case !op.Is(Control) && v == nil:
		p.fail("%s without a name", op)
	case p.block.Ctrl != nil:
		p.fail("a value after the end of the block")
	case v == nil:
		v = &Value{ID: -1, NFixed: -1, Block: p.block}
		v.Exit.Site, v.Exit.SiteSlot = NoSite, -1
		p.block.Ctrl = v
	default:
		p.block.Values = append(p.block.Values, v)
	}
	v.Op = op
	for p.space(); strings.HasPrefix(p.rest, "v"); p.space() {
		v.Args = append(v.Args, p.ref())
	}
	if p.eat("[") {
		v.Aux = p.aux(op)
		p.want("]")
	}
	if p.eat("{") {
		for !p.eat("}") {
			v.Heap |= p.heap()
		}
	}
	if p.eat("/") {
		v.NFixed = int32(p.small(math.MaxInt32))
	}
	if p.eat("->") {
		for more := true; more; more = p.eat(",") {
			p.block.Succs = append(p.block.Succs, p.edge())
		}
	}
	if p.eat("!") {
		p.exit(v)
	}
	if p.space(); strings.HasPrefix(p.rest, "@") {
		v.FS = p.state()
	}
	if p.eat("L") {
		v.Line = int32(p.small(math.MaxInt32))
	}
}

func (p *parser) aux(op Op) int64 {
	switch op {
	case OpConstFloat:
		if p.eat("nan:") {
			return p.number()
		}
		w := p.word(ends)
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			p.fail("%q is no float", w)
		}
		return int64(math.Float64bits(x))
	case OpCallHelper:
		w := p.word(ends)
		if i, ok := helperByName[w]; ok {
			return i
		}
		p.fail("no helper %q", w)
	}
	return p.number()
}

func (p *parser) heap() Heap {
	w := p.word(ends)
	if w == "all" {
		return HeapAll
	}
	for i, n := range heapNames {
		if n == w {
			return 1 << i
		}
	}
	p.fail("%q is no region of memory", w)
	return 0
}

func (p *parser) edge() Edge {
	e := Edge{To: p.blockRef()}
	p.want("(")
	for !p.eat(")") {
		if len(e.Args) > 0 {
			p.want(",")
		}
		e.Args = append(e.Args, p.ref())
	}
	return e
}

func (p *parser) exit(v *Value) {
	kind, reason, _ := strings.Cut(p.word(ends), "/")
	v.Exit.Kind = ExitKind(p.find(kind, exitNames[:], "kind of exit"))
	v.Exit.Reason = Reason(p.find(reason, reasonNames[:], "reason"))
	if p.eat("site=") {
		v.Exit.Site = uint32(p.small(math.MaxUint32))
	}
	if p.eat("slot=") {
		v.Exit.SiteSlot = int32(p.small(math.MaxInt32))
	}
	v.Exit.Chosen = p.eat("chosen")
}

func (p *parser) find(w string, names []string, what string) int {
	for i, n := range names {
		if n == w {
			return i
		}
	}
	p.fail("%q is no %s", w, what)
	return 0
}

// state reads a frame state with its parents, or the name of one that was read before.
func (p *parser) state() *FrameState {
	var top, below *FrameState
	depth := 0
	for {
		p.want("@")
		n := int(p.small(1 << 20))
		fs, known := p.states[n]
		if !known {
			fs = &FrameState{}
			p.states[n] = fs
		}
		if top == nil {
			top = fs
		} else {
			below.Parent = fs
		}
		below = fs
		if known {
			break
		}
		p.want("(")
		depth++
		p.slots(fs)
		if !p.eat("^") {
			break
		}
	}
	for range depth {
		p.want(")")
	}
	return top
}

func (p *parser) slots(fs *FrameState) {
	p.want("code=")
	fs.Code = int(p.small(math.MaxInt32))
	p.want("off=")
	fs.Off = uint32(p.small(math.MaxUint32))
	p.want("raise=")
	fs.RaiseOff = uint32(p.small(math.MaxUint32))
	if p.eat("callable=") {
		fs.Callable = p.ref()
	}
	p.want(":")
	bar := false
	for {
		if p.eat("|") {
			if bar {
				p.fail("a second | in a frame state")
			}
			bar = true
			fs.NLocals = len(fs.Slots)
		}
		if p.space(); p.rest == "" || p.rest[0] == ')' || p.rest[0] == '^' {
			break
		}
		s := Slot{Kind: p.slotKind()}
		s.Tagged = p.eat("#")
		s.Owned = p.eat("+")
		n := 0
		for p.space(); strings.HasPrefix(p.rest, "v"); p.space() {
			if n == len(s.Vals) {
				p.fail("a slot of more than %d components", n)
			}
			s.Vals[n] = p.ref()
			n++
		}
		fs.Slots = append(fs.Slots, s)
		p.eat(",")
	}
	if !bar {
		p.fail("no | in a frame state")
	}
}
