// The stages that the extension has.
package compile

import (
	"fmt"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/emitter"
	"github.com/gophersnake/gophersnake/emitter/amd64"
	"github.com/gophersnake/gophersnake/emitter/arm64"
	"github.com/gophersnake/gophersnake/ir/build"
	"github.com/gophersnake/gophersnake/opt"
	"github.com/gophersnake/gophersnake/pyabi"
)

var realStages = stages{read: decoder.ReadSnapshot, build: build.Unit, opt: opt.Run, emit: emitter.Emit, target: newTarget}

// newTarget is the instruction set by Go's name for it.
func newTarget(arch string, abi *pyabi.ABI) (target, error) {
	switch arch {
	case "amd64":
		t, err := amd64.New(abi)
		return target{t, t}, err
	case "arm64":
		t, err := arm64.New(abi)
		return target{t, t}, err
	}
	return target{}, fmt.Errorf("there is no code generator for %s", arch)
}
