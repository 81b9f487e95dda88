// Names in place of addresses, for what people read.
package compile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/pyabi"
)

// names knows what lies at an address: of the interpreter and the runtime from
// the ABI header, of the program from a snapshot.
type names struct {
	abi *pyabi.ABI
	own map[uint64]string
	// Profiles, which are arrays: code's sites begin at its address.
	codes []*decoder.Code
}

// names gives what is known with a snapshot, or without one (nil).
func (d *Driver) names(s *decoder.Snapshot) names {
	n := names{abi: d.abi, own: map[uint64]string{}}
	if s == nil {
		return n
	}
	n.codes = s.Codes
	put := func(address uint64, name string) {
		if address != 0 && n.own[address] == "" {
			n.own[address] = name
		}
	}
	for _, t := range s.Types {
		put(t.Address, t.Name)
	}
	for _, f := range s.Functions {
		if f.Code != nil {
			put(f.Address, "function "+f.Code.QualName)
		}
	}
	for _, c := range s.Codes {
		put(c.Address, "code "+c.QualName)
		put(c.Record, "record of "+c.QualName)
		put(c.GlobalsDict, "globals")
		put(c.BuiltinsDict, "builtins")
	}
	for _, o := range s.Objects {
		put(o.Address, cut(o.String()))
	}
	return n
}

// cut keeps a constant on a line.
func cut(text string) string {
	const most = 60
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "..."
}

// of names an address, or gives "".
func (n names) of(address uint64) string {
	if name := n.abi.Name(address); name != "" {
		_, name, _ = strings.Cut(name, ".")
		return name
	}
	if at := address - n.abi.SmallInts; address >= n.abi.SmallInts && n.abi.SmallIntStep != 0 && at%n.abi.SmallIntStep == 0 &&
		at/n.abi.SmallIntStep < n.abi.SmallIntNeg+n.abi.SmallIntPos {
		return strconv.FormatInt(int64(at/n.abi.SmallIntStep)-int64(n.abi.SmallIntNeg), 10)
	}
	if name := n.own[address]; name != "" {
		return name
	}
	for _, c := range n.codes {
		if at := address - c.Profile; c.Profile != 0 && address >= c.Profile && at < uint64(len(c.Bytecode)/2*pyabi.SizeSite) {
			return fmt.Sprintf("site %d of %s", at/pyabi.SizeSite, c.QualName)
		}
	}
	return ""
}

// class names a class; 0 is any.
func (n names) class(address uint64) string {
	if address == 0 {
		return "object"
	}
	if name := n.of(address); name != "" {
		return name
	}
	return fmt.Sprintf("class at %#x", address)
}

// replace puts names for the addresses in a text: numbers of 7 to 16 digits. (Package regexp, which would find them, is more to load than all
// the rest of this one.)
func (n names) replace(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "0x")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		digits := 0
		for digits < min(len(after), 16) && strings.IndexByte("0123456789abcdef", after[digits]) >= 0 {
			digits++
		}
		name := ""
		if address, err := strconv.ParseUint(after[:digits], 16, 64); err == nil && digits >= 7 {
			name = n.of(address)
		}
		if name == "" {
			name = "0x" + after[:digits]
		}
		out.WriteString(name)
		text = after[digits:]
	}
}
