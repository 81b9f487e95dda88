// How long a compile takes, by stage.

package compile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkCompile(b *testing.B) {
	for _, name := range []string{"add_int", "sum_range", "mandel", "matrix", "primes"} {
		b.Run(name, func(b *testing.B) {
			d, _ := newDriver(b)
			snapshot := readSnapshot(b, name)
			values, code := 0, 0
			for b.Loop() {
				unit, err := d.Compile(snapshot)
				require.NoError(b, err)
				u, _ := d.memory.Unit(unit)
				code = u.CodeSize
				require.NoError(b, d.Release(unit))
			}
			w := &work{d: d, snapshot: snapshot, spent: &spent{}}
			require.NoError(b, w.run())
			for _, f := range w.funcs {
				values += f.NumValues()
			}
			b.ReportMetric(float64(values), "values")
			b.ReportMetric(float64(code), "bytes")
			for stage, spent := range d.stats.spent {
				b.ReportMetric(float64(spent.Nanoseconds())/float64(d.stats.compiles)/1e3, stage+"-µs/op")
			}
		})
	}
}
