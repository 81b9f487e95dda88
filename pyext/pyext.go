// Package pyext is what Python sees of the compiler: gopy wraps its exported
// functions into gophersnake/_compiler, and they only pass on to compile.
//
// Three facts of gopy and of a Go runtime inside another program shape it:
//   - Only int, uintptr, string and bool cross: byte slices and structs leak
//     handles, functions that return just an error leak 32 bytes a call. So
//     memory crosses as address and length, and failures as a sentence.
//   - gopy gives up the GIL around each call, so two threads may be in here at
//     once: one lock stands before the driver, which then needs none.
//   - A panic that leaves an export aborts the whole Python process: each export
//     recovers, and the message becomes an ordinary failure.
package pyext

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"unsafe"

	"github.com/gophersnake/gophersnake/cache"
	"github.com/gophersnake/gophersnake/compile"
)

// noRoom is no unit's address: the memory for native code is used up, but units may be released.
const noRoom = 1

var (
	mu        sync.Mutex
	driver    = compile.New()
	lastError string
)

// Init gives the compiler the ABI header that _native keeps at the address. It
// returns "" or a sentence that tells why this interpreter cannot be served.
func Init(header int) string {
	return call(func() error {
		if header == 0 {
			return fmt.Errorf("the ABI header is missing")
		}
		return driver.Init(uintptr(header))
	})
}

// Compile compiles the snapshot of size bytes at the address. It returns the
// address of the unit's result, 1 while there is no room for it, or 0; for both,
// LastError tells why.
func Compile(snapshot int, size int) int {
	var unit uintptr
	call(func() (err error) {
		if snapshot == 0 || size <= 0 {
			return fmt.Errorf("the snapshot is empty")
		}
		unit, err = driver.Compile(memory(snapshot, size))
		if errors.Is(err, cache.ErrFull) {
			unit = noRoom
		}
		return err
	})
	return int(unit)
}

// LastError returns the sentence of the latest call that failed, on whichever
// thread. It is for people to read; nothing is decided by it.
func LastError() string {
	mu.Lock()
	defer mu.Unlock()
	return lastError
}

// Release frees a unit. It returns whether that went well, and has a result at
// all because gopy gives a function without one another parameter.
func Release(unit int) bool {
	return call(func() error { return driver.Release(uintptr(unit)) }) == ""
}

// Describe returns what is asked about a unit, or "": then LastError tells why.
func Describe(unit int, what string) string {
	var text string
	call(func() (err error) {
		text, err = driver.Describe(uintptr(unit), what)
		return err
	})
	return text
}

// SetDump chooses the stages to print. It returns "" or a sentence that tells
// which name is wrong.
func SetDump(stages string) string {
	return call(func() error { return driver.SetDump(stages) })
}

// call runs f alone, turns a panic into a failure, and returns the failure's
// sentence, which it also keeps for LastError.
func call(f func() error) (sentence string) {
	mu.Lock()
	defer mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			sentence = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
		if sentence != "" {
			lastError = sentence
		}
	}()
	if err := f(); err != nil {
		return err.Error()
	}
	return ""
}

// memory views the size bytes at an address that C owns and keeps alive until
// the call returns. This is the one place where a number becomes a pointer: the
// address is C's, so Go's collector neither moves nor frees it, and the detour
// over a pointer to the number says so to go vet, which cannot know.
func memory(address, size int) []byte {
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address))), size)
}
