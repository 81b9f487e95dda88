// Recorded headers, so that everything above pyabi is tested without Python.
package pyabi

import (
	"bufio"
	"embed"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

//go:embed testdata/header-*.txt
var fixtures embed.FS

// Fixture gives a recorded ABI ("3.11") with made-up addresses. It knows every
// helper: one that is not recorded gets an address made of its name.
func Fixture(version string) (*ABI, error) {
	text, err := fixtures.ReadFile("testdata/header-" + version + ".txt")
	if err != nil {
		return nil, fmt.Errorf("no ABI of %s is recorded", version)
	}
	rows, err := parseRows(string(text))
	if err != nil {
		return nil, err
	}
	a, err := New(rows)
	if err != nil {
		return nil, err
	}
	a.synthetic = true
	return a, nil
}

// parseRows reads lines of "name value"; # begins a comment.
func parseRows(text string) (map[string]uint64, error) {
	rows := map[string]uint64{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q is not a name and a value", line)
		}
		value, err := strconv.ParseUint(fields[1], 0, 64)
		if err != nil {
			return nil, err
		}
		if _, twice := rows[fields[0]]; twice {
			return nil, fmt.Errorf("%s is there twice", fields[0])
		}
		rows[fields[0]] = value
	}
	return rows, lines.Err()
}

func syntheticHelper(name string) uint64 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return 0x7f1100000000 + uint64(h.Sum32())<<4
}
