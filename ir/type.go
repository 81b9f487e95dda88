// The types of SSA values: how a value is held in the machine, and what is known of the object it points to.

package ir

import "fmt"

// Kind says how a value is held: in which register class, and what its bits mean.
type Kind uint8

const (
	Void    Kind = iota // no result
	I64                 // 64-bit integer: a Python int that fits, or an internal word
	F64                 // double
	Bool                // 0 or 1 in a general register
	Obj                 // PyObject*, never NULL
	ObjNull             // PyObject* or NULL
	Ptr                 // an address that is not a PyObject's
)

var kindNames = [...]string{"void", "i64", "f64", "bool", "obj", "objnull", "ptr"}

func (k Kind) String() string { return kindNames[k] }

// Float reports whether values of the kind live in floating-point registers.
func (k Kind) Float() bool { return k == F64 }

// Object reports whether the value is a PyObject pointer, NULL or not.
func (k Kind) Object() bool { return k == Obj || k == ObjNull }

// Class is the exact class of an object: the address of its type, or 0 where it is not known.
type Class uint64

// Type is the type of a value.
type Type struct {
	Kind  Kind
	Class Class // of Obj and ObjNull (if it is not NULL)
}

func (t Type) String() string {
	if t.Class != 0 {
		return fmt.Sprintf("%s<%#x>", t.Kind, uint64(t.Class))
	}
	return t.Kind.String()
}

// Heap is a set of memory regions, for the effects of operations.
type Heap uint16

const (
	HeapRef     Heap = 1 << iota // reference counts
	HeapClass                    // ob_type of objects
	HeapList                     // list lengths, item vectors and items
	HeapDict                     // dict keys, values and versions (globals, builtins, modules too)
	HeapCell                     // contents of cells
	HeapAttr                     // attributes and slots of instances, types' versions
	HeapThread                   // fields of the thread state, its frames, cells of the runtime
	HeapScratch                  // words of the native frame
	HeapConst                    // what never changes while the object lives: float and int values, tuple items, lengths of tuples
	HeapOther                    // everything else that Python code can write
	HeapAll     = HeapRef | HeapClass | HeapList | HeapDict | HeapCell | HeapAttr | HeapThread | HeapOther
)
