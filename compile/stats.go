// Statistics: how often and how long the compiler worked.
package compile

import (
	"encoding/json"
	"time"
)

// statistics are of all compiles of a driver.
type statistics struct {
	compiles, failures, released int
	total                        time.Duration
	spent                        spent
}

// spent is the time by stage.
type spent map[string]time.Duration

func (s *spent) add(stage string, d time.Duration) {
	if *s == nil {
		*s = spent{}
	}
	(*s)[stage] += d
}

func (d *Driver) statistics() (string, error) {
	memory := d.memory.Stats()
	text := struct {
		Compiles  int              `json:"compiles"`
		Failures  int              `json:"failures"`
		Released  int              `json:"released"`
		Units     int              `json:"units"`
		CodeBytes int              `json:"code_bytes"`
		DataBytes int              `json:"data_bytes"`
		Mapped    int              `json:"mapped_bytes"`
		Limit     int              `json:"limit_bytes"`
		Kept      int              `json:"kept_bytes"`
		TotalNS   int64            `json:"total_ns"`
		StageNS   map[string]int64 `json:"stage_ns"`
	}{
		Compiles: d.stats.compiles, Failures: d.stats.failures, Released: d.stats.released, Units: len(d.units),
		CodeBytes: memory.CodeBytes, DataBytes: memory.DataBytes, Mapped: memory.Mapped, Limit: memory.Limit, Kept: d.keepSize,
		TotalNS: int64(d.stats.total), StageNS: map[string]int64{},
	}
	for stage, spent := range d.stats.spent {
		text.StageNS[stage] = int64(spent)
	}
	b, err := json.Marshal(text)
	return string(b), err
}
