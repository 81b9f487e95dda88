// Package compile is the driver: it takes the snapshot of a code object through
// decoder, ir, opt and emitter into the cache. pyext is its only caller in the
// extension; tests call it directly, for it needs no Python.
package compile

import "errors"

// errNothing is the honest answer of a driver that has no stages yet.
var errNothing = errors.New("nothing can be compiled yet")

// Driver is one compiler with its options and everything it has published.
// It is not safe for concurrent use: pyext serialises the calls.
type Driver struct{}

// New returns a driver that knows no ABI yet; Init must come first.
func New() *Driver { return &Driver{} }

// Init reads the ABI header that _native keeps at the address.
func (d *Driver) Init(header uintptr) error { return errNothing }

// Compile makes a unit of native code from a snapshot, which it does not keep.
func (d *Driver) Compile(snapshot []byte) (unit uintptr, err error) { return 0, errNothing }

// Release frees a unit that Compile returned.
func (d *Driver) Release(unit uintptr) error { return errNothing }

// Describe tells something of a unit ("ir", "asm", ...) in words.
func (d *Driver) Describe(unit uintptr, what string) (string, error) { return "", errNothing }

// SetDump chooses the stages that are printed as they happen.
func (d *Driver) SetDump(stages string) error { return errNothing }
