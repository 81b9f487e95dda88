// Functions as each CPython version compiles them: everything is translated in every mode, some of it is compared with what it was before.

package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
	"github.com/gophersnake/gophersnake/pyabi"
)

// raising are the functions whose handlers are translated, too.
var raising = map[string]bool{"manager": true, "handlers": true, "groups": true}

// kept are the functions that are compared once they are built, too, and not only as the decoder has them.
var kept = map[string]bool{"swap": true, "squares": true, "manager": true, "keywords": true, "method": true}

func TestVersions(t *testing.T) {
	abi, err := pyabi.Fixture("3.11") // addresses are made up, and offsets are not looked at
	require.NoError(t, err)
	for _, v := range decoder.Versions()[1:] {
		t.Run(v.String(), func(t *testing.T) {
			paths, err := filepath.Glob("testdata/versions/" + v.String() + "/*.snap")
			require.NoError(t, err)
			require.NotEmpty(t, paths)
			var got txtar.Archive
			for _, path := range paths {
				name := strings.TrimSuffix(filepath.Base(path), ".snap")
				for _, mode := range []decoder.Mode{decoder.ModeGeneral, decoder.ModeRecording, decoder.ModeFinal} {
					snap := load(t, path)
					require.Equal(t, v, snap.Version)
					snap.Mode = mode
					poly(snap, raising[name])
					funcs, err := Unit(snap, abi, &Memory{})
					require.NoError(t, err, name)
					text := decoder.Dump(mustDecode(t, snap))
					for _, f := range funcs {
						require.NoError(t, f.Verify(), "%s: %s", name, f)
						if kept[name] {
							text += "\n" + f.String()
						}
					}
					if mode == decoder.ModeFinal {
						got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(text)})
					}
				}
			}
			golden := "testdata/versions/" + v.String() + ".txtar"
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, txtar.Format(&got), 0o644))
			}
			want, err := txtar.ParseFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(txtar.Format(want)), string(txtar.Format(&got)), "UPDATE=1 go test ./ir/build -run TestVersions writes it anew")
		})
	}
}

func mustDecode(t *testing.T, snap *decoder.Snapshot) *decoder.Func {
	f, err := decoder.Decode(snap.Version, snap.Codes[0], snap.Off)
	require.NoError(t, err)
	return f
}

// poly fills the profile: everywhere several classes were met, so that nothing ends where nothing was seen, and perhaps exceptions handled.
func poly(snap *decoder.Snapshot, raised bool) {
	flags := uint32(pyabi.SitePoly)
	if raised {
		flags |= pyabi.SiteRaised
	}
	for _, c := range snap.Codes {
		c.Sites = make([]decoder.Site, len(c.Bytecode))
		for i := range c.Sites {
			c.Sites[i] = decoder.Site{Type: 1, Flags: flags, Count: 2}
		}
	}
}

// Where versions of a loop's header share what comes after them, the passes must still find a loop: one that is entered at its header.
func TestLoopsHaveOneEntry(t *testing.T) {
	abi, err := pyabi.Fixture("3.11")
	require.NoError(t, err)
	for _, v := range decoder.Versions()[1:] {
		paths, err := filepath.Glob("testdata/versions/" + v.String() + "/*.snap")
		require.NoError(t, err)
		for _, path := range paths {
			snap := load(t, path)
			snap.Mode = decoder.ModeFinal
			poly(snap, false)
			funcs, err := Unit(snap, abi, &Memory{})
			require.NoError(t, err, path)
			for _, f := range funcs {
				tree := f.Dominators()
				place := map[*ir.Block]int{}
				for i, b := range tree.Order {
					place[b] = i
				}
				for i, b := range tree.Order {
					for _, e := range b.Succs {
						require.True(t, place[e.To] > i || tree.Dominates(e.To, b), "%s %s: b%d enters a loop in its middle, at b%d\n%s", path, f.Name, b.ID, e.To.ID, f)
					}
				}
			}
		}
	}
}
