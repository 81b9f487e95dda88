// What the assemblers of all instruction sets have alike: a buffer of machine code with labels, remarks and a pool of constants.

package emitter

import (
	"errors"
	"fmt"

	"github.com/gophersnake/gophersnake/arena"
)

// ErrTooLarge is the answer of Finish when the code outgrew the assembler's limit.
var ErrTooLarge = errors.New("machine code exceeds the size limit")

// CodeAlign is the alignment that the code needs where it is put in memory.
const CodeAlign = 16

// Label is a place in the code or a pool entry. The zero Label is none.
type Label int32

// Operand marks labels as operands of instructions.
func (Label) Operand() {}

// CodeBuffer holds one piece of code. Constants are told apart by what the assembler says of them, a K.
type CodeBuffer[K comparable] struct {
	Code      []byte
	Places    []int32 // by label: the offset, or -1
	Bound     []Label // in the order of their offsets, but for the pool's
	Constants []Constant[K]
	limit     int
	err       error
	notes     []Note
	pooled    map[K]Label
}

// Constant is an entry of the pool.
type Constant[K comparable] struct {
	Key   K
	Label Label
}

// NewCodeBuffer makes a buffer for at most limit bytes, the pool included.
func NewCodeBuffer[K comparable](limit int) CodeBuffer[K] {
	if limit <= 0 || limit > 1<<26 {
		panic(fmt.Sprintf("BUG: code size limit %d", limit))
	}
	return CodeBuffer[K]{limit: limit, pooled: map[K]Label{}, Places: []int32{-1}}
}

// Reset forgets everything but the limit, and keeps the memory.
func (b *CodeBuffer[K]) Reset() {
	b.Code = arena.Empty(b.Code)
	b.Places = append(arena.Empty(b.Places), -1)
	b.Bound = arena.Empty(b.Bound)
	b.Constants = b.Constants[:0]
	b.err = nil
	clear(b.notes)
	b.notes = b.notes[:0]
	clear(b.pooled)
}

// Err is ErrTooLarge once the code is too large; the assembler ignores what is emitted from then on.
func (b *CodeBuffer[K]) Err() error { return b.err }

// Room says whether n more bytes may be written; if not, the code is too large.
func (b *CodeBuffer[K]) Room(n int) bool {
	if b.err == nil && len(b.Code)+n > b.limit {
		b.err = ErrTooLarge
	}
	return b.err == nil
}

// TooLarge is for what does not reach.
func (b *CodeBuffer[K]) TooLarge() error {
	b.err = ErrTooLarge
	return b.err
}

// NewLabel makes a label to be bound later.
func (b *CodeBuffer[K]) NewLabel() Label {
	b.Places = append(b.Places, -1)
	return Label(len(b.Places) - 1)
}

// Bind puts a label at the current place.
func (b *CodeBuffer[K]) Bind(l Label) {
	if b.err != nil {
		return
	}
	if l <= 0 || int(l) >= len(b.Places) {
		panic(fmt.Sprintf("BUG: label %d does not exist", l))
	}
	if b.Places[l] >= 0 {
		panic(fmt.Sprintf("BUG: label %d bound twice", l))
	}
	b.Places[l] = int32(len(b.Code))
	b.Bound = append(b.Bound, l)
}

// Here makes a label at the current place.
func (b *CodeBuffer[K]) Here() Label {
	l := b.NewLabel()
	b.Bind(l)
	return l
}

// Note remarks on the code that follows. It costs the text, so ask first whether anybody wants it.
func (b *CodeBuffer[K]) Note(text string) {
	if b.err == nil {
		b.notes = append(b.notes, Note{len(b.Code), text})
	}
}

// Notes are the remarks, in the order of the code, with final offsets after the assembler's Finish.
func (b *CodeBuffer[K]) Notes() []Note { return b.notes }

// Pooled is the label of a constant in the pool, which equal ones share.
func (b *CodeBuffer[K]) Pooled(k K) Label {
	l, ok := b.pooled[k]
	if !ok {
		l = b.NewLabel()
		b.pooled[k] = l
		b.Constants = append(b.Constants, Constant[K]{k, l})
	}
	return l
}
