// The exception table and the line table: variable-length numbers after code.
package decoder

import (
	"fmt"
	"slices"
)

// varints reads the numbers of the exception table: 6 bits a byte, the highest first,
// bit 6 says that more follows.
func exceptionVarint(b []byte, at int) (value uint32, next int, err error) {
	for n := 0; ; n++ {
		if at >= len(b) || n > 4 {
			return 0, 0, fmt.Errorf("the exception table is cut off")
		}
		c := b[at]
		at++
		value = value<<6 | uint32(c&63)
		if c&64 == 0 {
			return value, at, nil
		}
	}
}

func parseExceptionTable(b []byte, units uint32) ([]Handler, error) {
	var handlers []Handler
	at := 0
	for at < len(b) {
		var v [4]uint32
		for n := range v {
			var err error
			if v[n], at, err = exceptionVarint(b, at); err != nil {
				return nil, err
			}
		}
		start, length, target := uint64(v[0]), uint64(v[1]), v[2]
		if start+length > uint64(units) || target >= units || length == 0 {
			return nil, fmt.Errorf("the exception table covers %d-%d with %d, of %d", start, start+length, target, units)
		}
		handlers = append(handlers, Handler{uint32(start), uint32(start + length), target, v[3] >> 1, v[3]&1 != 0})
	}
	slices.SortStableFunc(handlers, func(a, b Handler) int { return int(a.Start) - int(b.Start) })
	for n := 1; n < len(handlers); n++ {
		if handlers[n].Start < handlers[n-1].End {
			return nil, fmt.Errorf("the exception table covers %d twice", handlers[n].Start)
		}
	}
	return handlers, nil
}

// Pos is a place in the source. Line 0: none. Columns count bytes of UTF-8 from 0; -1: not known.
type Pos struct {
	Line, EndLine     int32
	Column, EndColumn int32
}

var noPos = Pos{0, 0, -1, -1}

// span is the place of the code units from start up to the next span's start.
type span struct {
	start uint32
	pos   Pos
}

// lineReader reads the numbers of the line table: 6 bits a byte, the lowest first.
type lineReader struct {
	b   []byte
	at  int
	bad bool
}

func (r *lineReader) byte() byte {
	if r.at >= len(r.b) || r.b[r.at]&128 != 0 {
		r.bad = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *lineReader) varint() int32 {
	value := uint32(0)
	for shift := 0; ; shift += 6 {
		c := r.byte()
		if shift > 24 {
			r.bad = true
		}
		if r.bad {
			return 0
		}
		value |= uint32(c&63) << shift
		if c&64 == 0 {
			return int32(value)
		}
	}
}

func (r *lineReader) signed() int32 {
	v := r.varint()
	if v&1 != 0 {
		return -(v >> 1)
	}
	return v >> 1
}

// parseLines reads co_linetable (the "location table" of 3.11 and later). Each entry begins with a
// byte that has bit 7 set: 4 bits of kind, 3 bits of length in code units less one.
func parseLines(b []byte, first int32, units int) ([]span, error) {
	var spans []span
	r := &lineReader{b: b}
	line, unit := first, 0
	for r.at < len(b) {
		head := b[r.at]
		r.at++
		if head&128 == 0 {
			return nil, fmt.Errorf("the line table has no entry at %d", r.at-1)
		}
		kind, length := head>>3&15, int(head&7)+1
		pos := noPos
		switch {
		case kind == 15:
		case kind == 14:
			line += r.signed()
			endLine := line + r.varint()
			column := r.varint() - 1
			pos = Pos{line, endLine, column, r.varint() - 1}
		case kind == 13:
			line += r.signed()
			pos = Pos{line, line, -1, -1}
		case kind >= 10:
			line += int32(kind) - 10
			column := int32(r.byte())
			pos = Pos{line, line, column, int32(r.byte())}
		default:
			second := r.byte()
			column := int32(kind)<<3 | int32(second>>4&7)
			pos = Pos{line, line, column, column + int32(second&15)}
		}
		if r.bad {
			return nil, fmt.Errorf("the line table is cut off")
		}
		if unit+length > units {
			return nil, fmt.Errorf("the line table covers more than %d units", units)
		}
		spans = append(spans, span{uint32(unit), pos})
		unit += length
	}
	if unit < units {
		spans = append(spans, span{uint32(unit), noPos})
	}
	return spans, nil
}

// Pos gives the place in the source of a code unit.
func (f *Func) Pos(unit uint32) Pos {
	n := last(len(f.lines), unit, func(i int) uint32 { return f.lines[i].start })
	if n < 0 || int(unit) >= len(f.index) {
		return noPos
	}
	return f.lines[n].pos
}

// Line gives the source line of a code unit; 0: none.
func (f *Func) Line(unit uint32) int { return int(f.Pos(unit).Line) }
