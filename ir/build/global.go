// What is known of the world outside the function: names in globals, builtins and modules, guarded by their dict's keys version and
// the value found there; and the profile.

package build

import (
	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// code is a decoded code object with what the builder asks of it.
type code struct {
	*decoder.Func
	allLive      bool   // something may ask for the locals by name
	entry        uint32 // where the function asked for begins, in the code it is of
	storesGlobal map[string]bool
	catches      bool           // handlers of it have caught what its bytecodes raised
	handling     decoder.Bits   // instructions at which an exception is being handled; if it catches
	stored       []decoder.Bits // locals that each loop stores to
}

// Borrowed reports whether the local is a parameter that native code holds without a reference of its own.
func (c *code) Borrowed(local int) bool { return c.Func.Borrowed.Has(local) }

// SinglePredecessor reports whether only one bytecode block, or only the entry, leads to the one at off, so that no types meet there.
func (c *code) SinglePredecessor(off uint32) bool {
	b := c.BlockAt(off)
	if len(b.Throwers) != 0 || b.LoopHeader || b.Start != off {
		return false
	}
	return len(b.Preds) == 1 && !b.IsEntry && off != c.entry || len(b.Preds) == 0
}

// invariant reports whether the bytecode at off is in a loop, and the innermost such loop never stores to the local.
func (c *code) invariant(off uint32, local int) bool {
	loop := c.BlockAt(off).Loop
	if loop < 0 {
		return false
	}
	if c.stored == nil {
		c.stored = make([]decoder.Bits, len(c.Loops))
		for n := range c.Loops {
			c.stored[n] = decoder.NewBits(len(c.Code.Locals))
			for _, block := range c.Loops[n].Blocks {
				for i := c.Blocks[block].First; i < c.Blocks[block].Last; i++ {
					if in := &c.Instrs[i]; in.Op == decoder.OpStoreFast || in.Op == decoder.OpDeleteFast {
						c.stored[n].Set(int(in.Arg))
					}
				}
			}
		}
	}
	return !c.stored[loop].Has(local)
}

// frameReaders are names whose calls may look at the caller's locals.
var frameReaders = map[string]bool{"locals": true, "vars": true, "eval": true, "exec": true, "dir": true, "_getframe": true}

func newCode(f *decoder.Func) *code {
	c := &code{Func: f, storesGlobal: map[string]bool{}}
	for _, name := range f.Code.Names {
		c.allLive = c.allLive || frameReaders[name]
	}
	for unit, s := range f.Code.Sites {
		c.catches = c.catches || s.Flags&pyabi.SiteRaised != 0 && f.HandlerAt(uint32(unit)) >= 0
	}
	if c.catches {
		c.handling = handling(f)
	}
	for i := range f.Instrs {
		switch in := &f.Instrs[i]; in.Op {
		case decoder.OpStoreGlobal, decoder.OpDeleteGlobal:
			c.storesGlobal[f.Code.Names[in.Arg]] = true
		}
	}
	return c
}

// liveAt are the locals whose types count at off.
func (b *builder) liveAt(off uint32) decoder.Bits {
	if b.code.allLive {
		all := decoder.NewBits(len(b.code.Code.Locals))
		for i := range b.code.Code.Locals {
			all.Set(i)
		}
		return all
	}
	return b.code.LiveAt(off)
}

// profile is what was learned at a bytecode.
type profile struct{ site decoder.Site }

func (b *builder) profile(unit uint32) profile { return profile{b.code.Code.Site(unit)} }

func (p profile) class() ir.Class  { return ir.Class(p.site.Type) }
func (p profile) poly() bool       { return p.site.Flags&pyabi.SitePoly != 0 }
func (p profile) overflowed() bool { return p.site.Flags&pyabi.SiteOverflow != 0 }
func (p profile) failed() bool     { return p.site.Flags&pyabi.SiteFailed != 0 }
func (p profile) divided() bool    { return p.site.Flags&pyabi.SiteDivisor != 0 }
func (p profile) raised() bool     { return p.site.Flags&pyabi.SiteRaised != 0 }
func (p profile) framed() bool     { return p.site.Flags&pyabi.SiteFrame != 0 }
func (p profile) empty() bool      { return p.site.Flags&pyabi.SiteEmpty != 0 }
func (p profile) callee() bool {
	return p.site.Flags&(pyabi.SiteCallee|pyabi.SitePoly|pyabi.SiteFailed) == pyabi.SiteCallee
}
func (p profile) unmet() bool      { return p.site.Type == 0 && p.site.Flags == 0 }
func (p profile) attached() bool   { return p.site.Flags&pyabi.SiteAttached != 0 }
func (p profile) missed() bool     { return p.site.Flags&pyabi.SiteUnseen != 0 }
func (p profile) guessed() bool    { return p.site.Flags&pyabi.SiteGuessed != 0 }
func (p profile) outOfRange() bool { return p.site.Flags&pyabi.SiteRange != 0 }

// siteAddress is where native code records for a bytecode.
func (b *builder) siteAddress(unit uint32) uint64 {
	return b.code.Code.Profile + uint64(unit)*pyabi.SizeSite
}

func (b *builder) nameAddress(i int) uint64 { return b.code.Code.NameObjects[i].Address }

// known is what the snapshot knows of an embedded object, or nil.
func (b *builder) known(v *ir.Value) *decoder.Object {
	if v == nil || v.Op != ir.OpConstObj {
		return nil
	}
	return b.objects[uint64(v.Aux)]
}

// embedded reports whether the code may hold a reference to what a name is bound to. It does not to objects whose end, or size,
// somebody may count with once the name is bound to something else.
func embedded(o *decoder.Object) bool {
	switch o.Kind {
	case decoder.ObjNone, decoder.ObjBool, decoder.ObjInt, decoder.ObjFloat, decoder.ObjStr, decoder.ObjBytes, decoder.ObjEllipsis,
		decoder.ObjFunction, decoder.ObjModule, decoder.ObjType, decoder.ObjMethodDescr:
		return true
	case decoder.ObjBuiltin:
		return o.Item == nil // not a bound method
	}
	return false
}

// nameSlot is what a name is bound to, if that is still what the snapshot found or, of what the code must not hold, an object
// of the same class. The caller knows that the name is guardable.
func (b *builder) nameSlot(n *decoder.Name) slot {
	if embedded(n.Value) {
		b.guardName(n)
		s := b.constSlot(n.Value)
		s.seen = true
		return s
	}
	class := ir.Class(n.Value.Class)
	v := b.load(ir.OpLoadObjNull, ir.HeapDict, b.guardKeys(n), n.Entry)
	v = b.guard(ir.OpGuardNotNull, ir.Type{Kind: ir.Obj}, b.before(), ir.ExitInfo{Reason: ir.WhyGlobal, Site: b.ins.At}, v)
	v = b.guard(ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: class}, b.before(), ir.ExitInfo{Reason: ir.WhyGlobal, Site: b.ins.At}, v)
	v.Aux = int64(class)
	s := borrowedSlot(v)
	s.volatile = true
	return s
}

// guardKeys makes sure that a name still has its place in its dict, and gives the dict's keys.
func (b *builder) guardKeys(n *decoder.Name) *ir.Value {
	keys := func(dict uint64, version uint32) *ir.Value {
		k := b.load(ir.OpLoadPtr, ir.HeapDict, b.constPtr(dict), b.abi.DictKeys)
		v := b.load(ir.OpLoadU32, ir.HeapDict, k, b.abi.KeysVersion)
		b.require(b.pure(ir.OpIEq, ir.Bool, v, b.constInt(int64(version))), ir.WhyGlobal)
		return k
	}
	if n.Where == decoder.InBuiltins {
		keys(n.Globals, n.GlobalsVersion)
	}
	return keys(n.Dict, n.Version)
}

// guardName makes sure that a name is still bound to what the snapshot found, and gives that. The caller knows it is guardable.
func (b *builder) guardName(n *decoder.Name) *ir.Value {
	k := b.guardKeys(n)
	value := b.load(ir.OpLoadPtr, ir.HeapDict, k, n.Entry)
	b.require(b.pure(ir.OpPEq, ir.Bool, value, b.constPtr(n.Value.Address)), ir.WhyGlobal)
	return b.constObj(n.Value.Address, ir.Class(n.Value.Class))
}

// speculates reports whether the binding of a name may be assumed here.
func (b *builder) speculates(n *decoder.Name) bool {
	return n != nil && n.Guardable() && n.Value != nil && !b.general() && !b.profile(b.ins.At).failed()
}

func loadGlobal(b *builder) error {
	call := b.ins.Flags&decoder.FlagPushNull != 0
	n := b.code.Code.Globals[b.ins.Arg]
	if b.speculates(n) && !b.code.storesGlobal[n.Name] {
		b.pushLoaded(b.nameSlot(n), call)
		return nil
	}
	v := b.raising(b.call("gs_load_global", b.callable, b.name()), b.here())
	at := b.pushLoaded(ownedSlot(v), call)
	b.checkFrame()
	b.defineItem(at, b.ins.At, b.here)
	return nil
}

func storeGlobal(b *builder) error {
	v := b.escapeTop(0)
	b.finishStatus(b.call("gs_store_global", b.callable, b.name(), v), 1, true)
	return nil
}

// pushLoaded pushes what was loaded, with the NULL that a call wants if one follows, and says how far below the top it lies.
func (b *builder) pushLoaded(s slot, call bool) int {
	switch {
	case !call:
		b.push(s)
	case b.ins.Flags&decoder.FlagNullAbove != 0:
		b.push(s)
		b.push(nullSlot())
		return 1
	default:
		b.push(nullSlot())
		b.push(s)
	}
	return 0
}

// moduleAttr loads an attribute of a known module, if its binding may be assumed.
func (b *builder) moduleAttr(m *decoder.Object) bool {
	if m.Kind != decoder.ObjModule {
		return false
	}
	n := m.Attr(b.code.Code.Names[b.ins.Arg])
	if !b.speculates(n) {
		return false
	}
	s := b.nameSlot(n)
	b.drop(1)
	b.pushLoaded(s, b.ins.Op == decoder.OpLoadMethod)
	return true
}

func deleteGlobal(b *builder) error {
	b.finishStatus(b.call("gs_delete_global", b.callable, b.name()), 0, true)
	return nil
}
