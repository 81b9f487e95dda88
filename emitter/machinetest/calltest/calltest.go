//go:build linux && (amd64 || arm64)

// Package calltest runs machine code in tests: memory that code may use, and a call with every register set.
package calltest

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call switches to the stack whose top is given; in the assembler files.
func call(entry, stack uintptr, regs *Regs)

// Memory is a block of memory that the collector does not know.
type Memory struct {
	Base uintptr
	b    []byte
	used int
}

// Map makes a block of memory that lives as long as the test.
func Map(t testing.TB, size int) *Memory {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	return &Memory{Base: uintptr(unsafe.Pointer(&b[0])), b: b}
}

// Code puts code into executable memory at an address told before its bytes are asked for.
func Code(t testing.TB, size int, code func(at uintptr) []byte) uintptr {
	m := Map(t, size+4096)
	copy(m.b, code(m.Base))
	if err := unix.Mprotect(m.b, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		t.Fatal(err)
	}
	return m.Base
}

// Alloc takes n bytes on a multiple of 16.
func (m *Memory) Alloc(n int) uintptr {
	at := (m.used + 15) &^ 15
	if at+n > len(m.b) {
		panic("BUG: the test's memory is used up")
	}
	m.used = at + n
	return m.Base + uintptr(at)
}

// Mark and Release take back what was allocated since.
func (m *Memory) Mark() int      { return m.used }
func (m *Memory) Release(to int) { m.used = to }

// Bytes are n bytes at an address in the block.
func (m *Memory) Bytes(at uintptr, n int) []byte { return m.b[at-m.Base:][:n] }

// Word is the word at an address in the block.
func (m *Memory) Word(at uintptr) *uint64 {
	return (*uint64)(unsafe.Pointer(&m.b[at-m.Base : at-m.Base+8][0]))
}

// Int32 is the 32-bit word at an address in the block.
func (m *Memory) Int32(at uintptr) *int32 {
	return (*int32)(unsafe.Pointer(&m.b[at-m.Base : at-m.Base+4][0]))
}

// Stack is a C stack.
type Stack struct {
	Memory *Memory
	Top    uintptr
}

// NewStack makes a stack.
func NewStack(t testing.TB, size int) *Stack {
	m := Map(t, size)
	return &Stack{m, m.Base + uintptr(size)}
}

// Call calls machine code.
func (s *Stack) Call(entry uintptr, regs *Regs) { call(entry, s.Top, regs) }

// MapAt makes a block of memory at this address.
func MapAt(t testing.TB, address uintptr, size int) *Memory {
	const noReplace = 0x100000 // MAP_FIXED_NOREPLACE
	at, _, errno := unix.Syscall6(unix.SYS_MMAP, address, uintptr(size), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE|noReplace, ^uintptr(0), 0)
	if errno != 0 || at != address {
		t.Fatalf("no memory at %#x: %v", address, errno)
	}
	t.Cleanup(func() {
		if _, _, errno := unix.Syscall(unix.SYS_MUNMAP, at, uintptr(size), 0); errno != 0 {
			t.Error(errno)
		}
	})
	return &Memory{Base: at, b: unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), size)}
}

// Clear makes the first n bytes zero.
func (m *Memory) Clear(n int) { clear(m.b[:n]) }
