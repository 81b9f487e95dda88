// The perf map: a text file by which perf(1) names functions in memory that no
// object file describes. It is only written if somebody asks for it.
package cache

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

type perfMap struct{ file *os.File }

// Perf makes the cache tell perf of functions by Name from now on, in the file
// that perf looks for. The folder is everybody's, so a link is not followed.
func (c *Cache) Perf() error {
	return c.perfAt(fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()))
}

func (c *Cache) perfAt(path string) error {
	if c.perf != nil {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	c.perf = &perfMap{file}
	return nil
}

// Name names size bytes of published code for perf, if Perf was called.
func (c *Cache) Name(address uintptr, size int, name string) error {
	if c.perf == nil || size == 0 {
		return nil
	}
	_, err := fmt.Fprintf(c.perf.file, "%x %x %s\n", address, size, strings.Map(printable, name))
	return err
}

// printable keeps a name on its line.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}
