// Regions of memory, finer than ir.Heap: where stores are inline, what they cannot touch is told apart by the kind of their base and by
// offset. Every base is the beginning of an object or of an allocation, so accesses at different constant offsets never meet,
// whatever the bases are. Three facts of CPython are used: a list's items are an allocation of their own, so stores into them leave
// its header alone; so are an instance's values; and classes (their versions) are reached through constant addresses, which no inline store uses.

package opt

import (
	"math/bits"

	"github.com/gophersnake/gophersnake/ir"
)

// regions is a set of regions.
type regions uint32

const (
	plainHeaps = ir.HeapRef | ir.HeapClass | ir.HeapDict | ir.HeapCell | ir.HeapThread | ir.HeapScratch | ir.HeapConst // by their own bit

	numHeaps    = 10
	listItems   = numHeaps        // HeapList's own bit is the header
	attrHeaders = listItems + 1   // four, by offset
	attrValues  = attrHeaders + 4 // eight, by offset; HeapAttr's own bit is not used
	otherFields = attrValues + 8  // eight, by offset; HeapOther's own bit is not used
	numRegions  = otherFields + 8 // 31
	allRegions  = 1<<numRegions - 1
)

// regionsOf is all of some heaps.
func regionsOf(h ir.Heap) regions {
	r := regions(h & plainHeaps)
	if h&ir.HeapList != 0 {
		r |= regions(ir.HeapList) | 1<<listItems
	}
	if h&ir.HeapAttr != 0 {
		r |= 0xf<<attrHeaders | 0xff<<attrValues
	}
	if h&ir.HeapOther != 0 {
		r |= 0xff << otherFields
	}
	return r
}

// regionsWritten is what v may change.
func regionsWritten(v *ir.Value) regions {
	if v.Op >= ir.OpStoreI64 && v.Op <= ir.OpStoreIdxObj {
		return accessed(v)
	}
	return regionsOf(v.Writes())
}

// regionsRead is what a load, or a store's address, refers to.
func regionsRead(v *ir.Value) regions {
	switch {
	case v.Op == ir.OpClassOf:
		return regionsOf(ir.HeapClass)
	case v.Heap == 0:
		return allRegions
	}
	return accessed(v)
}

// accessed is where a load or store goes.
func accessed(v *ir.Value) regions {
	r := regions(v.Heap & plainHeaps)
	base := v.Args[0]
	indexed := v.Op >= ir.OpLoadIdxI64 && v.Op <= ir.OpLoadIdxObjNull || v.Op >= ir.OpStoreIdxI64
	if v.Heap&ir.HeapList != 0 {
		if base.Type.Kind == ir.Ptr {
			r |= 1 << listItems
		} else {
			r |= regions(ir.HeapList)
		}
	}
	if v.Heap&ir.HeapAttr != 0 {
		if base.Type.Kind == ir.Ptr && base.Op != ir.OpConstPtr {
			r |= byOffset(v.Aux, 8, indexed) << attrValues
		} else {
			r |= byOffset(v.Aux, 4, indexed) << attrHeaders
		}
	}
	if v.Heap&ir.HeapOther != 0 {
		r |= byOffset(v.Aux, 8, indexed) << otherFields
	}
	return r
}

// byOffset is the set of n classes that eight bytes at the offset fall into, words being dealt out in turn.
func byOffset(offset int64, n uint, indexed bool) regions {
	if indexed {
		return 1<<n - 1
	}
	return 1<<(uint(offset>>3)%n) | 1<<(uint((offset+7)>>3)%n)
}

func init() {
	if bits.Len(uint(ir.HeapOther)) != numHeaps {
		panic("BUG: a heap that regions does not know")
	}
}
