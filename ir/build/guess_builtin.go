// What calls of builtins are guessed to give: a table by name for those whose result has one class, and rules for containers.

package build

import (
	"strings"

	"github.com/gophersnake/gophersnake/decoder"
	"github.com/gophersnake/gophersnake/ir"
)

// results are the classes of results, of builtins by their names in the ABI header, of methods by class and name.
var results = map[string]string{}

func init() {
	for class, names := range map[string]string{
		"int": "builtin.len builtin.ord builtin.hash builtin.id type.int math.floor math.ceil math.trunc math.gcd math.lcm math.isqrt math.comb math.perm math.factorial " +
			"list.index list.count tuple.index tuple.count str.find str.rfind str.index str.rindex str.count",
		"float": "type.float",
		"bool": "type.bool builtin.isinstance builtin.issubclass builtin.callable builtin.hasattr builtin.any builtin.all math.isnan math.isinf math.isfinite math.isclose " +
			"str.startswith str.endswith str.isdigit str.isalpha str.isalnum str.isspace str.isupper str.islower str.isidentifier",
		"str": "type.str builtin.chr builtin.repr builtin.format builtin.hex builtin.bin builtin.oct str.join str.replace str.strip str.lstrip str.rstrip str.lower str.upper " +
			"str.title str.capitalize str.format str.center str.ljust str.rjust str.zfill str.swapcase str.casefold str.translate",
		"NoneType": "builtin.print list.append list.insert list.extend list.sort list.reverse list.clear list.remove dict.update dict.clear set.add set.discard set.remove set.update set.clear",
		"range":    "type.range",
		"bytes":    "str.encode",
	} {
		for _, name := range strings.Fields(names) {
			results[name] = class
		}
	}
}

const anywhere = -1 << 32 // no index

// builtin is what a builtin function or a class gives.
func (f *guessFrame) builtin(n int, ins *decoder.Instr, o *decoder.Object, args []guessed) guessed {
	name := f.abi.Name(o.Address)
	if class, ok := results[name]; ok {
		return f.named(class)
	}
	arg := func(i int) guessed {
		if i >= len(args) {
			return guessed{}
		}
		return guessed{class: args[i].class, cell: args[i].cell}
	}
	item := func(i int) guessed {
		switch {
		case arg(i).class == f.classRange:
			return guessed{class: f.classInt}
		case arg(i).class == f.classDict && arg(i).cell != 0:
			return f.held(arg(i).cell).key
		case i >= len(args):
			return guessed{}
		}
		return f.item(args[i], anywhere)
	}
	switch name {
	case "builtin.abs":
		return arg(0)
	case "builtin.round":
		if len(args) == 1 {
			return guessed{class: f.classInt}
		}
		return arg(0)
	case "builtin.min", "builtin.max":
		if len(args) == 1 {
			return item(0)
		}
		var v guessed
		for i := range args {
			f.join(&v, arg(i))
		}
		return v
	case "builtin.sum", "builtin.next":
		return item(0)
	case "builtin.pow":
		return f.binary(n, decoder.BinPow, arg(0), arg(1))
	case "builtin.divmod":
		return f.display(f.c, n, f.classTuple, []guessed{arg(0), arg(0)})
	case "builtin.sorted", "type.list":
		return f.container(f.c, n, f.classList, item(0))
	case "type.tuple":
		return f.container(f.c, n, f.classTuple, item(0))
	case "type.set":
		return f.container(f.c, n, ir.Class(f.abi.TypeSet), item(0))
	case "type.enumerate", "type.zip":
		items := []guessed{{class: f.classInt}, item(0)}
		if name == "type.zip" {
			items = items[:0]
			for i := range args {
				items = append(items, item(i))
			}
		}
		// The tuple has the place of the call, what gives it a cell of its own.
		tuple := f.display(f.c, n, f.classTuple, items)
		h := f.held(tuple.cell)
		if h.key.cell == 0 {
			h.key = guessed{class: mixed, cell: f.add(held{item: tuple, open: true})}
			h = f.held(tuple.cell)
		}
		return guessed{class: ir.Class(o.Address), cell: h.key.cell}
	}
	switch {
	case strings.HasPrefix(name, "math."):
		return guessed{class: f.classFloat}
	case o.Kind == decoder.ObjType && (name == "" || strings.HasPrefix(name, "exc.")):
		v := guessed{class: ir.Class(o.Address)} // an instance
		if t := f.types[o.Address]; t != nil {
			if init := t.Attr("__init__"); init != nil && init.Value != nil && init.Value.Func != nil {
				f.called(f.look(init.Value), append([]guessed{v}, args...), ins)
			}
		}
		return v
	}
	return guessed{class: mixed}
}

// builtinMethod is what a method of a builtin class gives, called with self first.
func (f *guessFrame) builtinMethod(n int, name string, args []guessed) guessed {
	if len(args) == 0 {
		return guessed{class: mixed}
	}
	last := args[len(args)-1]
	last.object, last.code = nil, nil
	switch name {
	case "list.append", "list.insert", "set.add":
		f.store(args[0], last)
	case "list.extend":
		f.store(args[0], f.item(last, anywhere))
	}
	if class, ok := results[name]; ok {
		return f.named(class)
	}
	switch name {
	case "list.pop", "dict.get", "dict.pop", "dict.setdefault", "set.pop":
		return f.item(args[0], anywhere)
	case "list.copy", "dict.copy", "set.copy":
		return guessed{class: args[0].class, cell: args[0].cell}
	case "str.split", "str.rsplit", "str.splitlines":
		return f.container(f.c, n, f.classList, guessed{class: f.classStr})
	case "str.partition", "str.rpartition":
		return f.container(f.c, n, f.classTuple, guessed{class: f.classStr})
	}
	return guessed{class: mixed}
}
