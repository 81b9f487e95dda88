// The vectorcall stub.
package amd64

import "github.com/gophersnake/gophersnake/emitter"

func (m *machine) Stub(f *emitter.Func) bool { return false }
