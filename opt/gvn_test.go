// Derives from the table of operations which of them make a load be done again, and a guard on a class that may change.

package opt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/ir/irtest"
)

var heaps = []ir.Heap{ir.HeapRef, ir.HeapClass, ir.HeapList, ir.HeapDict, ir.HeapCell, ir.HeapAttr, ir.HeapThread, ir.HeapScratch, ir.HeapConst, ir.HeapOther}

// between makes a function that loads, does the operation, and loads again, for each kind of base; gvn must keep the second loads
// exactly if the operation may write the heap.
func between(t *testing.T, heap ir.Heap, middle func(f *ir.Func, b *ir.Block, o *ir.Value)) (loads, guards int) {
	f := ir.NewFunc("f")
	b := f.NewBlock()
	o := f.AddParam(b, ir.Type{Kind: ir.Obj})
	fs := &ir.FrameState{Callable: o}
	load := func() {
		v := f.Add(b, ir.OpLoadI64, ir.Type{Kind: ir.I64}, o)
		v.Aux, v.Heap = 16, heap
		g := f.Add(b, ir.OpGuardClass, ir.Type{Kind: ir.Obj, Class: irtest.ClassPlain}, o)
		g.Aux, g.FS = int64(irtest.ClassPlain), fs
		// Uses, so that nothing is dropped.
		f.Add(b, ir.OpStoreU32, ir.Type{}, g, v).Heap = 1 << 15
	}
	load()
	middle(f, b, o)
	load()
	b.Ctrl = f.NewValue(b, ir.OpReturn, ir.Type{})
	b.Ctrl.Aux = ir.TagNone
	gvn(&pass{f: f, opts: &testOptions, mem: &Memory{}})
	for _, v := range b.Values {
		switch {
		case v.Op == ir.OpLoadI64 && v.Heap == heap && v.Aux == 16:
			loads++
		case v.Op == ir.OpGuardClass && v.Aux == int64(irtest.ClassPlain):
			guards++
		}
	}
	return loads, guards
}

func TestWritesKillLoads(t *testing.T) {
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		row := ir.Ops[op]
		if op == ir.OpParam || op.Is(ir.Control) || op == ir.OpCallHelper || op.Is(ir.Memory) || op >= ir.OpStoreI64 && op <= ir.OpStoreIdxObj {
			continue
		}
		for _, heap := range heaps {
			loads, guards := between(t, heap, func(f *ir.Func, b *ir.Block, o *ir.Value) {
				v := f.Add(b, op, ir.Type{Kind: row.Result})
				for _, k := range row.Args {
					if k == ir.Void {
						k = ir.Obj
					}
					v.Args = append(v.Args, f.AddParam(b, ir.Type{Kind: k}))
				}
				v.Aux = 77
				if op.Is(ir.Guard) {
					v.FS = &ir.FrameState{Callable: o}
				}
			})
			writes := row.Writes
			if op.Is(ir.Call) {
				writes |= ir.HeapScratch
			}
			require.Equal(t, writes&heap != 0, loads == 2, "%s, load from %s", op, heap)
			require.Equal(t, writes&ir.HeapClass != 0, guards == 2, "%s, guard on a class", op)
		}
	}
	for i, h := range ir.Helpers {
		for _, heap := range heaps {
			loads, guards := between(t, heap, func(f *ir.Func, b *ir.Block, o *ir.Value) {
				v := f.Add(b, ir.OpCallHelper, ir.Type{Kind: h.Result})
				for _, k := range h.Args {
					v.Args = append(v.Args, f.AddParam(b, ir.Type{Kind: k}))
				}
				v.Aux, v.Heap = int64(i), h.Writes
			})
			writes := h.Writes
			if !h.Pure {
				writes |= ir.HeapScratch | ir.HeapRef
			}
			require.Equal(t, writes&heap != 0, loads == 2, "%s, load from %s", h.Name, heap)
			require.Equal(t, writes&ir.HeapClass != 0, guards == 2, "%s, guard on a class", h.Name)
		}
	}
	// A decref that may run code writes everything that Python code can write; so does calling a function.
	for _, op := range []ir.Op{ir.OpDecref, ir.OpXDecref, ir.OpCallNative} {
		require.Equal(t, ir.HeapAll, ir.Ops[op].Writes, op.String())
	}
}

func TestStoresKillTheirRegion(t *testing.T) {
	store := func(kind ir.Kind, heap ir.Heap, offset int64) *ir.Value {
		f := ir.NewFunc("f")
		b := f.NewBlock()
		v := f.Add(b, ir.OpStoreI64, ir.Type{}, f.AddParam(b, ir.Type{Kind: kind}), f.AddParam(b, ir.Type{Kind: ir.I64}))
		v.Heap, v.Aux = heap, offset
		return v
	}
	load := func(kind ir.Kind, heap ir.Heap, offset int64) *ir.Value {
		f := ir.NewFunc("f")
		b := f.NewBlock()
		v := f.Add(b, ir.OpLoadI64, ir.Type{Kind: ir.I64}, f.AddParam(b, ir.Type{Kind: kind}))
		v.Heap, v.Aux = heap, offset
		return v
	}
	for _, heap := range heaps {
		for offset := int64(-64); offset < 256; offset += 4 {
			for _, k := range []ir.Kind{ir.Obj, ir.Ptr} {
				for d := int64(-7); d < 8; d++ {
					require.NotZero(t, regionsWritten(store(k, heap, offset))&regionsRead(load(k, heap, offset+d)), "%s at %d and %d", heap, offset, d)
				}
				require.NotZero(t, regionsOf(heap)&regionsRead(load(k, heap, offset)))
				require.Zero(t, regionsRead(load(k, heap, offset))&^regionsOf(heap))
			}
		}
	}
	require.Zero(t, regionsWritten(store(ir.Ptr, ir.HeapList, 0))&regionsRead(load(ir.Obj, ir.HeapList, 16)))
	require.Zero(t, regionsWritten(store(ir.Ptr, ir.HeapAttr, 8))&regionsRead(load(ir.Obj, ir.HeapAttr, -32)))
	require.Zero(t, regionsWritten(store(ir.Ptr, ir.HeapAttr, 8))&regionsRead(load(ir.Ptr, ir.HeapAttr, 16)))
}
