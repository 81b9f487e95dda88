// The stages that the extension has.
package compile

import (
	"fmt"
	"runtime"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/amd64"
	"github.com/gophersnake/gophersnake/emitter/arm64"
	"github.com/gophersnake/gophersnake/ir/build"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

var realStages = stages{read: decoder.ReadSnapshot, build: build.Unit, opt: opt.Run, emit: emitter.Emit, target: newTarget}

// newTarget is the instruction set by Go's name for it. The conditions are constant, so that the linker leaves out what makes code for the other
// machine: an eighth of the extension, which every process would load.
func newTarget(arch string, abi *pyabi.ABI) (target, error) {
	switch {
	case runtime.GOARCH == "amd64" && arch == runtime.GOARCH:
		t, err := amd64.New(abi)
		return target{t, t}, err
	case runtime.GOARCH == "arm64" && arch == runtime.GOARCH:
		t, err := arm64.New(abi)
		return target{t, t}, err
	}
	return target{}, fmt.Errorf("there is no code generator for %s", arch)
}
