// The match statement: whether a subject is a sequence or mapping is a flag of its class; what keys and class patterns find is the
// C-API's to say.

package build

import (
	"github.com/gophersnake/gophersnake/ir"
)

// Flags of a type that patterns go by.
const (
	typeIsSequence = 1 << 5
	typeIsMapping  = 1 << 6
)

func matchMapping(b *builder) error  { return b.matchFlag(typeIsMapping) }
func matchSequence(b *builder) error { return b.matchFlag(typeIsSequence) }

// matchFlag leaves the subject, with the answer on top. Flags of classes change: collections.abc registers any class.
func (b *builder) matchFlag(flag int64) error {
	class := b.pure(ir.OpClassOf, ir.Ptr, b.escapeTop(0))
	flags := b.load(ir.OpLoadI64, ir.HeapAttr, class, b.abi.TypeFlags)
	b.push(boolSlot(b.pure(ir.OpINe, ir.Bool, b.pure(ir.OpAnd, ir.I64, flags, b.constInt(flag)), b.constInt(0))))
	return nil
}

// getLen leaves the subject, with its length on top.
func getLen(b *builder) error {
	if n, ok := lenCall(b, b.stack[len(b.stack)-1:]); ok && !b.general() {
		b.push(n)
		return nil
	}
	b.finish(b.call("gs_get_len", b.escapeTop(0)), 0, true)
	return nil
}

// matchKeys leaves subject and keys.
func matchKeys(b *builder) error {
	b.finishObject(b.call("gs_match_keys", b.escapeTop(1), b.escapeTop(0)), 0)
	return nil
}

func matchClass(b *builder) error {
	subject, class, names := b.escapeTop(2), b.escapeTop(1), b.escapeTop(0)
	b.finishObject(b.call("gs_match_class", subject, class, b.constInt(int64(b.ins.Arg)), names), 3)
	return nil
}
