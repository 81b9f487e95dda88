// Package cache owns the memory that native code lives in. Memory is writable or
// executable, never both, and never becomes writable again once it is executable:
// a thread that runs code while its page is made writable crashes. So each unit
// gets whole fresh pages of its own. They are private, for a forked child must go
// on with what was there when it was forked, whatever its parent does.
//
// A unit is two mappings: its code (read, execute) and its data area (read,
// write), which code and C count in. Go's collector knows neither: addresses are
// plain numbers, and View, at the end of this file, is the one place where a
// number becomes memory.
package cache

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrFull is the answer of Publish when the limit is reached.
var ErrFull = errors.New("the memory for native code is used up")

// Unit is a published piece of code. Data is 0 if it has no data area.
type Unit struct {
	Code, Data         uintptr
	CodeSize, DataSize int // as asked for; mappings are whole pages
}

// Stats is what lives at the moment.
type Stats struct {
	Units     int
	CodeBytes int // asked for
	DataBytes int
	Mapped    int // whole pages
	Limit     int
}

// Cache is all units of a process. It is not safe for concurrent use.
//
// A forked child that starts anew with a Cache of its own does not know the
// units it inherited, and so cannot free what its parent's functions still run.
type Cache struct {
	limit int
	page  int
	units map[uintptr]Unit // by the address that Publish answered with
	stats Stats
	perf  *perfMap
	// Flush tells the instruction caches of code that was written, before anybody may run it. Nil: they need not be told.
	Flush func(at uintptr, size int)
}

// New makes a cache that maps at most limit bytes.
func New(limit int) *Cache {
	return &Cache{limit: limit, page: os.Getpagesize(), units: map[uintptr]Unit{}}
}

// Publish maps room for code and data, lets fill write both (they are zero, and
// it must not keep the slices), and makes the code executable. The unit's address
// is its data area's, or its code's if it has no data.
func (c *Cache) Publish(codeSize, dataSize int, fill func(u Unit, code, data []byte)) (address uintptr, err error) {
	if codeSize <= 0 || dataSize < 0 {
		return 0, fmt.Errorf("a unit of %d bytes of code and %d of data", codeSize, dataSize)
	}
	codeMapped, dataMapped := c.pages(codeSize), c.pages(dataSize)
	if codeSize > c.limit || dataSize > c.limit || c.stats.Mapped+codeMapped+dataMapped > c.limit {
		return 0, ErrFull
	}
	u := Unit{CodeSize: codeSize, DataSize: dataSize}
	published := false
	defer func() { // fill may panic
		if !published {
			err = errors.Join(err, unmap(u.Code, codeMapped), unmap(u.Data, dataMapped))
		}
	}()
	if u.Code, err = allocate(codeMapped); err != nil {
		return 0, err
	}
	if dataMapped > 0 {
		if u.Data, err = allocate(dataMapped); err != nil {
			return 0, err
		}
	}
	fill(u, View(u.Code, codeSize), View(u.Data, dataSize))
	if c.Flush != nil {
		c.Flush(u.Code, codeSize)
	}
	if err = unix.Mprotect(View(u.Code, codeMapped), unix.PROT_READ|unix.PROT_EXEC); err != nil {
		return 0, fmt.Errorf("this system allows no executable memory: %w", err)
	}
	published = true
	address = u.Data
	if address == 0 {
		address = u.Code
	}
	c.units[address] = u
	c.stats.Units++
	c.stats.CodeBytes += codeSize
	c.stats.DataBytes += dataSize
	c.stats.Mapped += codeMapped + dataMapped
	return address, nil
}

// Unit finds a unit by the address that Publish answered with.
func (c *Cache) Unit(address uintptr) (Unit, bool) {
	u, ok := c.units[address]
	return u, ok
}

// Release unmaps a unit. Nobody may run in it or look at it any more.
func (c *Cache) Release(address uintptr) error {
	u, ok := c.units[address]
	if !ok {
		return fmt.Errorf("no unit is at %#x", address)
	}
	delete(c.units, address)
	codeMapped, dataMapped := c.pages(u.CodeSize), c.pages(u.DataSize)
	c.stats.Units--
	c.stats.CodeBytes -= u.CodeSize
	c.stats.DataBytes -= u.DataSize
	c.stats.Mapped -= codeMapped + dataMapped
	return errors.Join(unmap(u.Code, codeMapped), unmap(u.Data, dataMapped))
}

// Stats tells what lives at the moment.
func (c *Cache) Stats() Stats {
	s := c.stats
	s.Limit = c.limit
	return s
}

func (c *Cache) pages(size int) int { return (size + c.page - 1) &^ (c.page - 1) }

func allocate(size int) (uintptr, error) {
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 0, fmt.Errorf("no memory for native code: %w", err)
	}
	return uintptr(p), nil
}

func unmap(address uintptr, size int) error {
	if address == 0 {
		return nil
	}
	return unix.MunmapPtr(pointer(address), uintptr(size))
}

// View is the memory at an address that is not Go's: of a unit, or of C. It is
// valid as long as the owner keeps it mapped; code must not be written.
func View(address uintptr, size int) []byte {
	if address == 0 || size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointer(address)), size)
}

// Populate has the system put memory behind whole pages now, size bytes from b's first one on, which need not all be b's: page by page, as
// they are written to, takes twice as long. It changes nothing else, and a system that knows no such thing does nothing.
func Populate(b []byte, size int) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b))) &^ (uintptr(os.Getpagesize()) - 1)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, at, uintptr(size), unix.MADV_POPULATE_WRITE)
}

// StoreWord sets the 64-bit word at an address that C owns.
func StoreWord(address, word uintptr) { *(*uintptr)(pointer(address)) = word }

// pointer is sound for addresses that Go's collector does not manage: it neither
// moves nor frees them. The detour over a pointer to the number says so to go vet,
// which cannot know.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }
