//go:build cgo

package calltest

// Machine code uses the register that holds g. A signal's handler looks for g elsewhere if there is C in the program.
import _ "runtime/cgo"
