// Guesses of classes where nothing was recorded yet. Before a function has run, the profile knows nothing of what a list holds or a call gives; the
// code itself tells most of it: `[0.0] * n` holds floats until something else is stored, `list(range(n))` ints, and of an argument there is a live
// object to look at. A walk over the bytecodes of the functions that are compiled together follows values from where they are made to the sites
// that ask. A guess is guarded as what was recorded is, and if it is wrong the exit teaches the site, so it costs one compile: no more
// than the site would without it. Where it is right, which is nearly always, nothing needs to be recorded at all.

package build

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

const (
	mixed     = ^ir.Class(0) // of several classes, or of any
	nullClass = ^ir.Class(1) // NULL, which calls have on the stack
)

// Limits of the walk: of larger functions nothing is guessed.
const (
	maxGuessed     = 4000 // bytecodes
	maxGuessRounds = 12   // over all of them, until nothing changes; nested loops take four
)

// guessed is what a value is guessed to be.
type guessed struct {
	class  ir.Class        // 0: nothing has come here yet
	cell   int32           // of what it holds, in guesser.cells; 0: nothing is told of that
	object *decoder.Object // the very object
	code   *decoder.Code   // of a function
}

// held is what containers hold of which one may be the other: items, and keys of dicts.
type held struct {
	to        int32 // they are one with those of that cell
	item, key guessed
	fields    []guessed // by index, of a container that was made item by item and is read so; then item is not told
	open      bool      // any item may be anywhere
}

// guesser is the walk over the functions of a unit.
type guesser struct {
	*unit
	cells   []held
	codes   map[int]*guessedCode
	order   []*guessedCode
	attrs   map[attribute]int32 // of classes: the cell that an instance's attribute is
	united  [][2]int32          // cells to be made one
	looked  map[*decoder.Object]guessed
	changed bool
	frame   guessFrame
	jumped  []guessed
	length  int  // bytecodes
	ending  bool // nothing changes any more: the sites are told
}

// attribute is what instances of a class have by a name.
type attribute struct {
	class ir.Class
	name  string
}

// guessedCode is a function on the walk.
type guessedCode struct {
	index   int
	code    *code
	in      [][]guessed // by block: locals, then stack; nil: not reached
	returns guessed
	made    []int32 // by instruction: the cell of what it makes
	derefs  []int32 // by local: the cell that it is
	sites   []ir.Class
	callees []guessed // by site: what calls call
}

// guess is the class that a site where nothing was recorded is guessed to meet; 0: none.
func (b *builder) guess(site uint32) ir.Class {
	// Where an attribute lies is known once there is an instance: what is compiled then is better, so it pays to leave here until it is.
	if b.unguessed || b.profile(site).missed() {
		return 0
	}
	if b.guesses == nil {
		b.guesses = b.walk()
	}
	c := b.guesses.codes[b.index]
	if c == nil || int(site) >= len(c.sites) || c.sites[site] == 0 {
		return 0
	}
	b.assumed = append(b.assumed, ir.Guess{Record: b.code.Code.Record, What: uint64(c.sites[site]), Site: site})
	return c.sites[site]
}

// guessCallee is the code and the class of the function that a call is guessed to call of which nothing was recorded; nil: none.
func (b *builder) guessCallee() (*decoder.Code, ir.Class) {
	if b.guesses == nil {
		b.guesses = b.walk()
	}
	if c := b.guesses.codes[b.index]; c != nil && int(b.ins.At) < len(c.callees) {
		return c.callees[b.ins.At].code, c.callees[b.ins.At].class
	}
	return nil, 0
}

// expected is the class that a site is expected to meet, as was recorded or else guessed, and the reason for which a guard of that leaves; 0: none.
func (b *builder) expected(site uint32) (ir.Class, ir.Reason) {
	p := b.profile(site)
	switch class := p.class(); {
	case class == 0:
		return b.guess(site), ir.WhyUnseen
	case p.guessed():
		return class, ir.WhyUnseen
	default:
		return class, ir.WhyType
	}
}

// walk guesses for all that the function asked for leads to.
func (u *unit) walk() *guesser {
	g := &guesser{unit: u, cells: make([]held, 1, 64), codes: map[int]*guessedCode{}, attrs: map[attribute]int32{}, looked: map[*decoder.Object]guessed{}}
	root := g.reach(0)
	if root == nil {
		return g
	}
	entry := make([]guessed, len(u.snap.Slots))
	for i, s := range u.snap.Slots {
		entry[i] = g.slot(&s)
	}
	for i, s := range u.snap.Slots[:min(u.snap.NLocals, len(root.derefs))] { // where the function goes on, cells lie in their locals
		if o := s.Object; o != nil && o.Kind == decoder.ObjCell {
			g.captured(root, i, o)
		}
	}
	if fn := u.snap.Function; fn != nil && fn.Code == root.code.Code {
		g.closure(root, fn)
	}
	g.enter(root, root.code.BlockAt(u.snap.Off).Index, entry, nil)
	for round := 0; !g.ending; round++ {
		g.ending = !g.changed && round > 0
		if round == maxGuessRounds {
			return g
		}
		g.changed = false
		for n := 0; n < len(g.order); n++ { // it grows
			c := g.order[n]
			for i := range c.code.Blocks {
				if c.in[i] != nil {
					g.block(c, &c.code.Blocks[i])
				}
			}
		}
	}
	return g
}

// reach gives a function its place in the walk; nil: it has none.
func (g *guesser) reach(index int) *guessedCode {
	if c, ok := g.codes[index]; ok {
		return c
	}
	g.codes[index] = nil
	dec, err := g.decode(index)
	if err != nil || dec.Code.Flags&(decoder.CoGenerator|decoder.CoCoroutine|decoder.CoAsyncGenerator) != 0 || len(g.order) >= maxUnitFunc {
		return nil
	}
	if g.length += len(dec.Instrs); g.length > maxGuessed {
		return nil
	}
	c := &guessedCode{index: index, code: dec, in: make([][]guessed, len(dec.Blocks)), made: make([]int32, len(dec.Instrs)), derefs: make([]int32, len(dec.Code.Locals)),
		sites: make([]ir.Class, max(dec.Units(), len(dec.Code.Sites))), callees: make([]guessed, dec.Units())}
	g.codes[index] = c
	g.order = append(g.order, c)
	return c
}

// enter adds what a block is entered with.
func (g *guesser) enter(c *guessedCode, block int, locals, stack []guessed) {
	in := c.in[block]
	if in == nil {
		in = make([]guessed, 0, len(locals)+len(stack)) // not nil, though there be none
		c.in[block] = append(append(in, locals...), stack...)
		g.changed = true
		return
	}
	for i := range min(len(in), len(locals)) {
		g.join(&in[i], locals[i])
	}
	for i := range min(len(in)-len(locals), len(stack)) {
		g.join(&in[len(locals)+i], stack[i])
	}
}

// join adds what else a value may be.
func (g *guesser) join(to *guessed, from guessed) {
	switch {
	case from.class == 0 || to.class == mixed:
		return
	case to.class == 0:
		*to = from
		g.changed = true
		return
	case from.class != to.class:
		*to = guessed{class: mixed}
		g.changed = true
		return
	}
	if to.object != nil && to.object != from.object || to.code != nil && to.code != from.code {
		to.object, to.code = nil, nil
		g.changed = true
	}
	switch {
	case to.cell == 0 && from.cell != 0:
		to.cell = from.cell
		g.changed = true
	case from.cell != 0:
		g.unite(to.cell, from.cell)
	}
}

// find is the cell that a cell has become one with.
func (g *guesser) find(cell int32) int32 {
	for g.cells[cell].to != 0 {
		cell = g.cells[cell].to
	}
	return cell
}

// unite makes two cells one, and what they hold.
func (g *guesser) unite(a, b int32) {
	g.united = append(g.united, [2]int32{a, b})
	if len(g.united) > 1 {
		return // whoever began does that too
	}
	for n := 0; n < len(g.united); n++ {
		a, b := g.find(g.united[n][0]), g.find(g.united[n][1])
		if a == b {
			continue
		}
		g.changed = true
		if g.cells[a].open || g.cells[b].open || len(g.cells[a].fields) != len(g.cells[b].fields) {
			g.opened(a)
			g.opened(b)
		}
		x, y := &g.cells[a], &g.cells[b]
		y.to = a
		g.join(&x.item, y.item)
		g.join(&x.key, y.key)
		for i := range x.fields {
			g.join(&x.fields[i], y.fields[i])
		}
	}
	g.united = g.united[:0]
}

// opened is a cell of whose items it is not told which is where.
func (g *guesser) opened(cell int32) *held {
	h := g.held(cell)
	if !h.open {
		h.open = true
		g.changed = true
		for _, field := range h.fields {
			field.object, field.code = nil, nil
			g.join(&h.item, field)
		}
		h.fields = nil
	}
	return g.held(cell)
}

// cellOf is a cell for what an instruction makes, the same in each round.
func (g *guesser) cellOf(c *guessedCode, at int) *held {
	if c.made[at] == 0 {
		g.cells = append(g.cells, held{open: true})
		c.made[at] = int32(len(g.cells) - 1)
	}
	return g.held(c.made[at])
}

func (g *guesser) held(cell int32) *held { return &g.cells[g.find(cell)] }

// container is a container that an instruction makes, of such items.
func (g *guesser) container(c *guessedCode, at int, class ir.Class, item guessed) guessed {
	h := g.cellOf(c, at)
	g.join(&h.item, item)
	return guessed{class: class, cell: c.made[at]}
}

// display is one that is made item by item.
func (g *guesser) display(c *guessedCode, at int, class ir.Class, items []guessed) guessed {
	if c.made[at] == 0 {
		c.made[at] = g.add(held{fields: slices.Clone(items)})
		return guessed{class: class, cell: c.made[at]}
	}
	for i, item := range items {
		if h := g.held(c.made[at]); h.open || len(h.fields) != len(items) {
			item.object, item.code = nil, nil
			g.join(&g.opened(c.made[at]).item, item)
		} else {
			g.join(&h.fields[i], item)
		}
	}
	return guessed{class: class, cell: c.made[at]}
}

// item is what a container holds, at an index if that is known.
func (g *guesser) item(of guessed, index int64) guessed {
	switch {
	case of.class == g.classStr:
		return guessed{class: g.classStr}
	case of.cell == 0: // it may be told later
		return guessed{}
	}
	h := g.held(of.cell)
	if index < 0 {
		index += int64(len(h.fields))
	}
	if !h.open && 0 <= index && index < int64(len(h.fields)) {
		return h.fields[index]
	}
	return g.opened(of.cell).item
}

// store adds an item to a container.
func (g *guesser) store(of guessed, item guessed) {
	if of.cell == 0 {
		return
	}
	item.object, item.code = nil, nil
	g.join(&g.opened(of.cell).item, item)
}

// named is a class by its name in the ABI header.
func (g *guesser) named(name string) guessed {
	address, _ := g.abi.Lookup("type." + name)
	if address == 0 {
		return guessed{class: mixed}
	}
	return guessed{class: ir.Class(address)}
}

// slot is what the function asked for is entered with.
func (g *guesser) slot(s *decoder.Slot) guessed {
	if s.Object != nil {
		v := g.look(s.Object)
		v.object = nil
		return v
	}
	switch ir.SlotKind(s.Kind) {
	case ir.SlotInt, ir.SlotIntOrigin:
		return guessed{class: g.classInt}
	case ir.SlotFloat, ir.SlotFloatOrigin:
		return guessed{class: g.classFloat}
	case ir.SlotBool:
		return guessed{class: g.classBool}
	case ir.SlotNone:
		return guessed{class: g.classNone}
	case ir.SlotRange:
		return guessed{class: g.classRange}
	case ir.SlotRangeIter:
		return guessed{class: g.classRangeIter}
	case ir.SlotNull, ir.SlotObjNull:
		return guessed{}
	}
	return guessed{class: mixed}
}

// look takes an object that is there for what will be there. The snapshot looks a few levels deep.
func (g *guesser) look(o *decoder.Object) guessed {
	if v, ok := g.looked[o]; ok {
		return v
	}
	v := guessed{class: ir.Class(o.Class), object: o}
	g.looked[o] = v // it may hold itself
	switch {
	case o.Func != nil:
		v.code = o.Func.Code
	case o.Kind == decoder.ObjCode:
		v.code = o.Code
	case o.Kind == decoder.ObjTuple && o.Flags&decoder.ObjCut == 0 && int64(len(o.Items)) == o.Int:
		h := held{}
		for _, item := range o.Items {
			h.fields = append(h.fields, g.look(item))
		}
		v.cell = g.add(h)
	case o.Kind == decoder.ObjTuple, o.Kind == decoder.ObjList, o.Kind == decoder.ObjDict, o.Kind == decoder.ObjSet:
		h := held{open: true}
		if o.Item != nil {
			h.item = g.look(o.Item)
			if (o.Kind == decoder.ObjTuple || o.Kind == decoder.ObjList) && !o.Same() {
				h.item = guessed{class: mixed}
			}
		}
		if o.Key != nil {
			h.key = g.look(o.Key)
		}
		h.item.object, h.key.object, h.item.code = nil, nil, nil // the others are others
		v.cell = g.add(h)
	}
	g.looked[o] = v
	return v
}

func (g *guesser) add(h held) int32 {
	g.cells = append(g.cells, h)
	return int32(len(g.cells) - 1)
}

// deref is the variable that a cell is.
func (g *guesser) deref(c *guessedCode, local int) *held { return g.held(g.derefCell(c, local)) }

func (g *guesser) derefCell(c *guessedCode, local int) int32 {
	if c.derefs[local] == 0 {
		c.derefs[local] = g.add(held{open: true})
	}
	return c.derefs[local]
}

// captured takes what a cell holds now for what it will hold.
func (g *guesser) captured(c *guessedCode, local int, cell *decoder.Object) {
	if cell.Item != nil {
		v := g.look(cell.Item)
		if v.code == nil {
			v.object = nil
		}
		g.join(&g.deref(c, local).item, v)
	}
}

// closure does so with the cells of a function.
func (g *guesser) closure(c *guessedCode, fn *decoder.Function) {
	first := len(c.code.Code.Locals) - c.code.Code.NFrees
	for i, cell := range fn.Cells {
		if cell != nil && i < c.code.Code.NFrees {
			g.captured(c, first+i, cell)
		}
	}
}

// attr is what instances of a class have by a name, if the code tells that of any; an instance that is there already counts.
func (g *guesser) attr(class ir.Class, name string) int32 {
	key := attribute{class, name}
	cell, ok := g.attrs[key]
	if !ok {
		h := held{open: true}
		if n := g.types[uint64(class)].InstanceAttr(name); n != nil && n.Value != nil {
			h.item = g.look(n.Value)
			h.item.object, h.item.code = nil, nil
		}
		cell = g.add(h)
		g.attrs[key] = cell
	}
	return cell
}

// guessFrame is the abstract machine on the way through a block.
type guessFrame struct {
	*guesser
	c      *guessedCode
	locals []guessed
	stack  []guessed
}

func (f *guessFrame) push(v guessed) { f.stack = append(f.stack, v) }

func (f *guessFrame) peek(n int) guessed {
	if n < 0 || n >= len(f.stack) {
		return guessed{class: mixed}
	}
	return f.stack[len(f.stack)-1-n]
}

func (f *guessFrame) drop(n int) { f.stack = f.stack[:max(0, len(f.stack)-n)] }

func (f *guessFrame) pop() guessed {
	v := f.peek(0)
	f.drop(1)
	return v
}

// block goes through a block.
func (g *guesser) block(c *guessedCode, block *decoder.Block) {
	nl := len(c.code.Code.Locals)
	in := c.in[block.Index]
	nl = min(nl, len(in))
	f := &g.frame
	f.guesser, f.c, f.locals, f.stack = g, c, append(f.locals[:0], in[:nl]...), append(f.stack[:0], in[nl:]...)
	jumps, jumped := false, g.jumped[:0] // the stack where the last instruction jumps
	for n := block.First; n < block.Last; n++ {
		ins := &c.code.Instrs[n]
		if ins.Op.Jumps() {
			pop, push := ins.Effect(true)
			jumps, jumped = true, append(jumped[:0], f.stack[:max(0, len(f.stack)-pop)]...)
			for i := range push {
				if ins.Flags&decoder.FlagKeep != 0 {
					jumped = append(jumped, f.peek(push-1-i))
				} else {
					jumped = append(jumped, guessed{class: mixed})
				}
			}
		}
		f.step(n, ins)
	}
	for _, e := range block.Succs {
		stack := f.stack
		if e.Jump && jumps {
			stack = jumped
		}
		g.enter(c, e.To, f.locals, stack)
	}
	if block.Except >= 0 {
		f.stack = f.stack[:0]
		for range c.code.Blocks[block.Except].Depth {
			f.push(guessed{class: mixed})
		}
		g.enter(c, block.Except, f.locals, f.stack)
	}
	g.jumped = jumped
}

// cell is the cell that a local has.
func (f *guessFrame) cell(local int) guessed {
	return guessed{class: f.classCell, cell: f.derefCell(f.c, local)}
}

// tell notes what a site meets.
func (f *guessFrame) tell(site uint32, v guessed) {
	if f.ending && v.class != mixed && v.class != nullClass && int(site) < len(f.c.sites) {
		f.c.sites[site] = v.class
	}
}

// recorded is what the profile knows of the site, or else what is guessed.
func (f *guessFrame) recorded(site uint32, v guessed) guessed {
	switch p := f.c.code.Code.Site(site); {
	case p.Flags&pyabi.SitePoly != 0:
		return guessed{class: mixed}
	case p.Type != 0 && ir.Class(p.Type) != v.class:
		return guessed{class: ir.Class(p.Type)}
	}
	f.tell(site, v)
	return v
}

// result pushes what an instruction makes.
func (f *guessFrame) result(ins *decoder.Instr, v guessed) { f.push(f.recorded(ins.At, v)) }

// step is what an instruction does.
func (f *guessFrame) step(n int, ins *decoder.Instr) {
	arg := int(ins.Arg)
	code := f.c.code.Code
	switch ins.Op {
	case decoder.OpNop, decoder.OpResume:
	case decoder.OpCopyFreeVars:
		for i := len(f.locals) - arg; 0 <= i && i < len(f.locals); i++ {
			f.locals[i] = f.cell(i)
		}
	case decoder.OpPushNull:
		f.push(guessed{class: nullClass})
	case decoder.OpCopy:
		f.push(f.peek(arg - 1))
	case decoder.OpSwap:
		if i, j := len(f.stack)-1, len(f.stack)-arg; j >= 0 {
			f.stack[i], f.stack[j] = f.stack[j], f.stack[i]
		}
	case decoder.OpLoadConst:
		f.push(f.look(code.Consts[arg]))
	case decoder.OpLoadSmallInt:
		f.push(f.number(int64(arg)))
	case decoder.OpLoadCommon:
		f.push(f.common(arg))
	case decoder.OpLoadFast:
		f.push(f.locals[arg])
	case decoder.OpLoadFastAndClear:
		f.push(f.locals[arg])
		f.locals[arg] = guessed{}
	case decoder.OpStoreFast:
		f.locals[arg] = f.recorded(ins.Site, f.pop())
	case decoder.OpDeleteFast:
		f.locals[arg] = guessed{}
	case decoder.OpLoadClosure:
		f.push(f.cell(arg))
	case decoder.OpMakeCell:
		f.join(&f.deref(f.c, arg).item, f.locals[arg])
		f.locals[arg] = f.cell(arg) // from 3.13 on what LOAD_FAST loads
	case decoder.OpLoadDeref:
		f.result(ins, f.deref(f.c, arg).item)
	case decoder.OpStoreDeref:
		f.join(&f.deref(f.c, arg).item, f.pop())
	case decoder.OpLoadGlobal:
		f.global(ins)
	case decoder.OpLoadAttr:
		f.result(ins, f.attribute(f.pop(), code.Names[arg]))
	case decoder.OpStoreAttr:
		of, v := f.pop(), f.pop()
		if f.types[uint64(of.class)] != nil {
			h := f.held(f.attr(of.class, code.Names[arg]))
			f.tell(ins.At, h.item)
			v.object, v.code = nil, nil
			f.join(&h.item, v)
		}
	case decoder.OpLoadMethod:
		f.method(code.Names[arg], ins)
	case decoder.OpBinaryOp:
		y, x := f.pop(), f.pop()
		f.result(ins, f.binary(n, arg, x, y))
	case decoder.OpUnaryPositive, decoder.OpUnaryNegative, decoder.OpUnaryInvert:
		v := f.pop()
		v.object = nil
		if v.class == f.classBool {
			v.class = f.classInt
		}
		f.result(ins, v)
	case decoder.OpUnaryNot, decoder.OpToBool, decoder.OpIs, decoder.OpContains, decoder.OpCompare:
		pop, _ := ins.Effect(false)
		f.drop(pop)
		f.result(ins, guessed{class: f.classBool})
	case decoder.OpBinarySubscr:
		index, of := f.pop(), f.pop()
		f.result(ins, f.subscript(of, index))
	case decoder.OpBinarySlice:
		f.drop(2)
		f.result(ins, f.part(f.pop()))
	case decoder.OpStoreSubscr:
		f.drop(1)
		of, v := f.pop(), f.pop()
		if old := f.item(of, -1); of.class == f.classList {
			f.tell(ins.At, old)
		}
		f.store(of, v)
	case decoder.OpBuildSlice:
		pop, _ := ins.Effect(false)
		f.drop(pop)
		f.push(guessed{class: f.classSlice})
	case decoder.OpGetIter:
		f.iterator(n, ins)
	case decoder.OpForIter:
		at := 0
		if ins.Flags&decoder.FlagIndexed != 0 {
			at = 1
		}
		v := guessed{class: f.classInt}
		if it := f.peek(at); it.class != f.classRangeIter {
			v = f.item(it, anywhere)
		}
		f.result(ins, v)
	case decoder.OpUnpackSequence:
		v := f.recorded(ins.Site, f.pop())
		for i := arg - 1; i >= 0; i-- {
			f.push(f.item(v, int64(i)))
		}
	case decoder.OpBuildTuple, decoder.OpBuildList:
		class := f.classTuple
		if ins.Op == decoder.OpBuildList {
			class = f.classList
		}
		v := f.display(f.c, n, class, f.stack[max(0, len(f.stack)-arg):])
		f.drop(arg)
		f.push(v)
	case decoder.OpBuildSet:
		v := f.display(f.c, n, ir.Class(f.abi.TypeSet), f.stack[max(0, len(f.stack)-arg):])
		f.drop(arg)
		f.push(v)
	case decoder.OpBuildMap:
		h := f.cellOf(f.c, n)
		for i := range arg {
			f.join(&h.item, f.peek(2*i))
			f.join(&h.key, f.peek(2*i+1))
		}
		f.drop(2 * arg)
		f.push(guessed{class: f.classDict, cell: f.c.made[n]})
	case decoder.OpBuildString, decoder.OpFormatValue, decoder.OpConvertValue:
		pop, _ := ins.Effect(false)
		f.drop(pop)
		f.push(guessed{class: f.classStr})
	case decoder.OpListAppend, decoder.OpSetAdd:
		v := f.pop()
		f.store(f.peek(arg-1), v)
	case decoder.OpListExtend:
		v := f.pop()
		f.store(f.peek(arg-1), f.item(v, anywhere))
	case decoder.OpMapAdd:
		v, key := f.pop(), f.pop()
		f.setItem(f.peek(arg-1), key, v)
	case decoder.OpListToTuple:
		v := f.pop()
		f.push(guessed{class: f.classTuple, cell: v.cell})
	case decoder.OpMakeFunction:
		f.function(ins)
	case decoder.OpCall:
		f.call(n, ins)
	case decoder.OpReturnValue:
		f.join(&f.c.returns, f.pop())
	case decoder.OpReturnConst:
		f.join(&f.c.returns, f.look(code.Consts[arg]))
	default:
		pop, push := ins.Effect(false)
		f.drop(pop)
		for range push {
			f.push(guessed{class: mixed})
		}
	}
}

func (f *guessFrame) number(n int64) guessed {
	return guessed{class: f.classInt, object: &decoder.Object{Kind: decoder.ObjInt, Flags: decoder.ObjFits, Int: n}}
}

// common is what LOAD_COMMON_CONSTANT loads.
func (f *guessFrame) common(arg int) guessed {
	switch arg {
	case decoder.CommonNone:
		return guessed{class: f.classNone}
	case decoder.CommonTrue, decoder.CommonFalse:
		return guessed{class: f.classBool}
	case decoder.CommonMinusOne:
		return f.number(-1)
	case decoder.CommonEmptyStr:
		return guessed{class: f.classStr}
	}
	o := &decoder.Object{Kind: decoder.ObjType}
	if arg == decoder.CommonAll || arg == decoder.CommonAny {
		o.Kind = decoder.ObjBuiltin
	}
	o.Address, _ = f.abi.Lookup(commons[arg])
	return guessed{class: f.classType, object: o}
}

// loaded pushes what was loaded, with NULL for a call.
func (f *guessFrame) loaded(v guessed, ins *decoder.Instr) {
	null := guessed{class: nullClass}
	if ins.Flags&decoder.FlagNullAbove != 0 {
		f.push(v)
		f.push(null)
	} else {
		f.push(null)
		f.push(v)
	}
}

func (f *guessFrame) global(ins *decoder.Instr) {
	v := guessed{class: mixed}
	if n := f.c.code.Code.Globals[ins.Arg]; n != nil && n.Value != nil {
		v = f.look(n.Value)
	}
	v = f.recorded(ins.At, v)
	if ins.Flags&decoder.FlagPushNull != 0 {
		f.loaded(v, ins)
	} else {
		f.push(v)
	}
}

// attribute is what a module has by that name.
func (f *guessFrame) attribute(of guessed, name string) guessed {
	if of.class == 0 {
		return of
	}
	if m := of.object; m != nil && m.Kind == decoder.ObjModule {
		if n := m.Attr(name); n != nil && n.Value != nil {
			return f.look(n.Value)
		}
	}
	if t := f.types[uint64(of.class)]; t != nil && t.Flags&decoder.TypeHeap != 0 {
		if n := t.Attr(name); n == nil || n.Value == nil || plainValue(n.Value) || n.Value.Kind == decoder.ObjMemberDescr {
			return f.held(f.attr(of.class, name)).item
		}
	}
	return guessed{class: mixed}
}

// method pushes a method and self, or NULL and what a module has.
func (f *guessFrame) method(name string, ins *decoder.Instr) {
	self := f.pop()
	if m := self.object; m != nil && m.Kind == decoder.ObjModule {
		f.loaded(f.attribute(self, name), ins)
		return
	}
	v := guessed{class: mixed}
	if self.class == 0 {
		v = self
	}
	if class, ok := strings.CutPrefix(f.abi.Name(uint64(self.class)), "type."); ok {
		if address, ok := f.abi.Lookup("method." + class + "." + name); ok {
			v = guessed{class: ir.Class(f.abi.TypeMethodDescr), object: &decoder.Object{Address: address, Kind: decoder.ObjMethodDescr}}
		}
	} else if t := f.types[uint64(self.class)]; t != nil {
		if n := t.Attr(name); n != nil && n.Value != nil && n.Value.Func != nil {
			v = f.look(n.Value)
		}
	}
	f.push(v)
	f.push(self)
}

// binary is an operator's result.
func (f *guessFrame) binary(at, op int, x, y guessed) guessed {
	isInt := func(v guessed) bool { return v.class == f.classInt || v.class == f.classBool }
	isSequence := func(v guessed) bool {
		return v.class == f.classList || v.class == f.classTuple || v.class == f.classStr
	}
	plain := func(v guessed) guessed { return guessed{class: v.class, cell: v.cell} }
	switch {
	case x.class == 0 || y.class == 0:
		return guessed{}
	case isInt(x) && isInt(y):
		switch op {
		case decoder.BinTrueDiv:
			return guessed{class: f.classFloat}
		case decoder.BinAnd, decoder.BinOr, decoder.BinXor:
			if x.class == y.class {
				return plain(x)
			}
		}
		return guessed{class: f.classInt}
	case (x.class == f.classFloat || isInt(x)) && (y.class == f.classFloat || isInt(y)):
		return guessed{class: f.classFloat}
	case op == decoder.BinMul && isSequence(x) && isInt(y):
		return f.container(f.c, at, x.class, f.item(x, anywhere))
	case op == decoder.BinMul && isSequence(y) && isInt(x):
		return f.container(f.c, at, y.class, f.item(y, anywhere))
	case op == decoder.BinAdd && isSequence(x) && x.class == y.class:
		f.container(f.c, at, x.class, f.item(x, anywhere))
		return f.container(f.c, at, x.class, f.item(y, anywhere))
	case op == decoder.BinMod && x.class == f.classStr:
		return plain(x)
	}
	return guessed{class: mixed}
}

func (f *guessFrame) subscript(of, index guessed) guessed {
	if index.class == f.classSlice {
		return f.part(of)
	}
	at := int64(anywhere)
	if index.object != nil && index.object.Kind == decoder.ObjInt && index.object.Fits() {
		at = index.object.Int
	}
	return f.item(of, at)
}

// part is a slice.
func (f *guessFrame) part(of guessed) guessed {
	if of.cell != 0 {
		f.opened(of.cell)
	}
	return guessed{class: of.class, cell: of.cell}
}

func (f *guessFrame) setItem(of, key, v guessed) {
	if of.cell != 0 {
		f.join(&f.held(of.cell).key, guessed{class: key.class, cell: key.cell})
	}
	f.store(of, v)
}

// iterator replaces what is iterated over.
func (f *guessFrame) iterator(n int, ins *decoder.Instr) {
	of := f.pop()
	v := of // an iterator is its own
	item := func() guessed { return f.item(of, anywhere) }
	switch of.class {
	case f.classRange:
		v = guessed{class: f.classRangeIter}
	case f.classList:
		v = f.container(f.c, n, f.classListIter, item())
	case f.classTuple:
		v = f.container(f.c, n, f.classTupleIter, item())
	case f.classStr:
		v = f.container(f.c, n, f.named("str_ascii_iterator").class, guessed{class: f.classStr})
	case f.classDict:
		v = guessed{class: mixed}
		if of.cell != 0 {
			v = f.container(f.c, n, f.named("dict_keyiterator").class, f.held(of.cell).key)
		}
	case f.named("enumerate").class, f.named("zip").class, f.classListIter, f.classTupleIter, f.classRangeIter, 0:
	default:
		v = guessed{class: mixed}
	}
	v = f.recorded(ins.At, v)
	f.push(v)
	if ins.Flags&decoder.FlagIndexed != 0 {
		f.push(guessed{class: nullClass})
	}
}

// function makes one.
func (f *guessFrame) function(ins *decoder.Instr) {
	pop, _ := ins.Effect(false)
	v := guessed{class: f.classFunction, code: f.peek(0).code}
	if closure := f.peek(1); ins.Arg&8 != 0 && v.code != nil && closure.cell != 0 {
		if made := f.reach(int(v.code.Index)); made != nil {
			first := len(v.code.Locals) - v.code.NFrees
			for i := range v.code.NFrees {
				if cell := f.item(closure, int64(i)); cell.class == f.classCell && cell.cell != 0 {
					f.unite(f.derefCell(made, first+i), cell.cell)
				}
			}
		}
	}
	f.drop(pop)
	f.push(v)
}

// call is a call's result.
func (f *guessFrame) call(n int, ins *decoder.Instr) {
	nargs := int(ins.Arg)
	first, second := f.peek(nargs+1), f.peek(nargs)
	callable := first
	args := slices.Clone(f.stack[max(0, len(f.stack)-nargs):])
	switch {
	case second.class == nullClass:
	case first.class == nullClass:
		callable = second
	default:
		args = slices.Insert(args, 0, second)
	}
	f.drop(nargs + 2)
	v := guessed{class: mixed}
	switch o := callable.object; {
	case callable.class == 0:
		v = callable
	case callable.code != nil:
		v = f.called(callable, args, ins)
		if f.ending {
			f.c.callees[ins.At] = callable
		}
	case o == nil:
	case o.Kind == decoder.ObjMethodDescr:
		v = f.builtinMethod(n, strings.TrimPrefix(f.abi.Name(o.Address), "method."), args)
	case o.Kind == decoder.ObjBuiltin || o.Kind == decoder.ObjType:
		v = f.builtin(n, ins, o, args)
	}
	f.result(ins, v)
}

// called is what a function returns that is compiled with its caller.
func (f *guessFrame) called(callable guessed, args []guessed, ins *decoder.Instr) guessed {
	code := callable.code
	if code == nil { // it is not in the snapshot: there are too many, or it was tried and is not compiled
		return guessed{class: mixed}
	}
	if code.Flags&decoder.CoGenerator != 0 {
		return f.named("generator")
	}
	c := f.reach(int(code.Index))
	if c == nil || ins.Kw >= 0 {
		return guessed{class: mixed}
	}
	entry := make([]guessed, len(code.Locals))
	for i := range entry {
		switch {
		case i < code.ArgCount && i < len(args):
			entry[i] = args[i]
			entry[i].object = nil
		case i < code.Params():
			entry[i] = guessed{class: mixed}
		}
	}
	if o := callable.object; o != nil && o.Func != nil {
		for i, d := range o.Func.Defaults {
			if at := code.ArgCount - len(o.Func.Defaults) + i; at >= len(args) && at < len(entry) {
				entry[at] = f.look(d)
				entry[at].object = nil
			}
		}
		f.closure(c, o.Func)
	}
	f.enter(c, 0, entry, nil)
	v := c.returns
	v.object = nil
	return v
}
